package puente.stun;

import org.jspecify.annotations.Nullable;

/** STUN methods of the IANA registry that this server knows (RFC 8489 §18.1, RFC 8656 §17). */
public enum Method {
  BINDING(0x001, "Binding"),
  ALLOCATE(0x003, "Allocate"),
  REFRESH(0x004, "Refresh"),
  SEND(0x006, "Send"),
  DATA(0x007, "Data"),
  CREATE_PERMISSION(0x008, "CreatePermission"),
  CHANNEL_BIND(0x009, "ChannelBind"),
  CONNECT(0x00a, "Connect"),
  CONNECTION_BIND(0x00b, "ConnectionBind"),
  CONNECTION_ATTEMPT(0x00c, "ConnectionAttempt");

  private static final @Nullable Method[] BY_CODE = new Method[0x10];

  static {
    for (Method method : values()) {
      BY_CODE[method.code] = method;
    }
  }

  private final int code;
  private final String registeredName;

  Method(int code, String registeredName) {
    this.code = code;
    this.registeredName = registeredName;
  }

  public int code() {
    return code;
  }

  /** Whether it is one of TCP allocations (RFC 6062 §6.1). */
  public boolean isOfTcp() {
    return this == CONNECT || this == CONNECTION_BIND || this == CONNECTION_ATTEMPT;
  }

  /** The name in the IANA registry. */
  public String registeredName() {
    return registeredName;
  }

  public static @Nullable Method of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
  }
}
