package puente.peer;

/**
 * Whether a peer is heard, on whatever link. A function of time. Each side says every {@link
 * DtlsLink#HERE_MS} that it is there, so fifteen in a row have to be lost before somebody who is there
 * is taken for vanished: with three of ten lost, less than once in a year.
 */
final class Pulse {
  static final long SILENT_MS = 15 * DtlsLink.HERE_MS;

  private long heardAt = -1;
  private boolean isSilent;

  void heard(long at) {
    heardAt = Math.max(heardAt, at);
  }

  /** Who was never heard is not silent: there was no link yet. */
  long silentMs(long now) {
    return heardAt < 0 ? 0 : now - heardAt;
  }

  boolean isSilent() {
    return isSilent;
  }

  /** True when it fell silent, or is heard again. */
  boolean turned(long now) {
    boolean was = isSilent;
    isSilent = silentMs(now) > SILENT_MS;
    return was != isSilent;
  }

  void excuse(long now) {
    if (heardAt >= 0 && !isSilent) {
      heardAt = Math.max(heardAt, now);
    }
  }
}
