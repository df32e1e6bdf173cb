package puente.admin.access;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import puente.admin.access.AccessProblem.Kind;

/**
 * The people who may sign in. Reading takes no time; checking passwords and all changes do, so they
 * belong on a worker. A change is in the file before it is in force. Every node has them all: each
 * tells the others what it changes, and of two changes the later one is right.
 */
public final class Accounts {

  static final int ACCOUNTS_MAX = 1000;

  /** The oldest removals are forgotten beyond that: a node that was away for them brings them back. */
  private static final int REMOVED_MAX = 1000;

  private static final String ACCOUNTS = "accounts";
  private static final String REMOVED = "removed";

  /** Safe in every log, path and page. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");

  private final StateFile file;
  private final Passwords passwords;
  private final Supplier<Instant> clock;
  private final Map<String, Instant> removedByName = new LinkedHashMap<>();
  private volatile Map<String, Account> accountByName = Map.of();
  private volatile Consumer<JsonObject> others = news -> {};

  private Accounts(StateFile file, Passwords passwords, Supplier<Instant> clock) {
    this.file = file;
    this.passwords = passwords;
    this.clock = clock;
  }

  /**
   * Reads them.
   *
   * @throws IOException in one line for the operator
   */
  public static Accounts open(StateFile file, SecureRandom random, Supplier<Instant> clock)
      throws IOException {
    Accounts accounts = new Accounts(file, new Passwords(random), clock);
    try {
      JsonObject kept = file.read();
      accounts.accountByName = read(kept);
      accounts.removedByName.putAll(readRemoved(kept));
    } catch (RuntimeException broken) {
      throw new IOException(
          "the console's accounts cannot be read: " + broken.getMessage(), broken);
    }
    return accounts;
  }

  private static Map<String, Account> read(JsonObject json) {
    Map<String, Account> accounts = new TreeMap<>();
    for (Object one : json.getJsonArray(ACCOUNTS, new JsonArray())) {
      Account account = Account.read((JsonObject) one);
      accounts.put(account.name(), account);
    }
    return accounts;
  }

  private static Map<String, Instant> readRemoved(JsonObject json) {
    Map<String, Instant> removed = new LinkedHashMap<>();
    for (Map.Entry<String, Object> one : json.getJsonObject(REMOVED, new JsonObject())) {
      removed.put(one.getKey(), Instant.parse(String.valueOf(one.getValue())));
    }
    return removed;
  }

  /** Who tells the other nodes what is changed here. */
  public void onChange(Consumer<JsonObject> teller) {
    others = teller;
  }

  /** All that another node must know. */
  public synchronized JsonObject told() {
    JsonArray list = new JsonArray();
    accountByName.values().forEach(account -> list.add(account.withLogin(null).write()));
    JsonObject removed = new JsonObject();
    removedByName.forEach((name, at) -> removed.put(name, at.toString()));
    return new JsonObject().put(ACCOUNTS, list).put(REMOVED, removed);
  }

  /**
   * Takes over what another node says.
   *
   * @return whose sessions are over: their password is another, or they are gone
   * @throws RuntimeException if that is no such message
   */
  public synchronized Set<String> merge(JsonObject told) {
    Map<String, Account> merged = new TreeMap<>(accountByName);
    Set<String> over = new HashSet<>();
    boolean isNews = false;
    for (Map.Entry<String, Instant> gone : readRemoved(told).entrySet()) {
      Account own = merged.get(gone.getKey());
      Instant before = removedByName.get(gone.getKey());
      if (before == null || gone.getValue().isAfter(before)) {
        removed(gone.getKey(), gone.getValue());
        isNews = true;
      }
      if (own != null && !own.changed().isAfter(gone.getValue())) {
        merged.remove(gone.getKey());
        over.add(gone.getKey());
      }
    }
    for (Account account : read(told).values()) {
      Account own = merged.get(account.name());
      if (!NAME.matcher(account.name()).matches()
          || own == null && (merged.size() >= ACCOUNTS_MAX || isRemovedSince(account))
          || own != null && !isLater(account, own)) {
        continue;
      }
      isNews = true;
      merged.put(account.name(), own == null ? account : account.withLogin(own.lastLogin()));
      if (own != null && !own.password().equals(account.password())) {
        over.add(account.name());
      }
    }
    if (isNews) {
      write(merged);
    }
    return over;
  }

  private boolean isRemovedSince(Account account) {
    Instant removed = removedByName.get(account.name());
    return removed != null && !account.changed().isAfter(removed);
  }

  /** At the same instant on two nodes: the same one on both. */
  private static boolean isLater(Account one, Account other) {
    int order = one.changed().compareTo(other.changed());
    String text = one.role() + one.password();
    return order > 0 || order == 0 && text.compareTo(other.role() + other.password()) > 0;
  }

  private void removed(String name, Instant at) {
    removedByName.remove(name);
    removedByName.put(name, at);
    while (removedByName.size() > REMOVED_MAX) {
      removedByName.remove(removedByName.keySet().iterator().next());
    }
  }

  public boolean isEmpty() {
    return accountByName.isEmpty();
  }

  /** By name. */
  public List<Account> all() {
    return List.copyOf(accountByName.values());
  }

  public Optional<Account> find(String name) {
    return Optional.ofNullable(accountByName.get(name));
  }

  /** Who has this name and password; slow for everybody alike. */
  public Optional<Account> check(String name, String password) {
    Account account = accountByName.get(name);
    if (account == null) {
      passwords.checkNobodys(password);
      return Optional.empty();
    }
    return passwords.matches(account.password(), password)
        ? Optional.of(account)
        : Optional.empty();
  }

  /**
   * Makes the first account, if it is the first.
   *
   * @throws AccessProblem if not, or if the name or the password will not do
   */
  public synchronized Account addFirst(String name, String password) {
    if (!isEmpty()) {
      throw new AccessProblem(Kind.CONFLICT, "There are accounts already: sign in with one.");
    }
    return add(name, password, Role.ADMIN);
  }

  public synchronized Account add(String name, String password, Role role) {
    if (!NAME.matcher(name).matches()) {
      throw new AccessProblem(
          Kind.WRONG,
          "name: letters, digits and . _ @ - only, at most 64, not one of those first.");
    }
    if (accountByName.containsKey(name)) {
      throw new AccessProblem(Kind.CONFLICT, "There is an account of that name.");
    }
    if (accountByName.size() >= ACCOUNTS_MAX) {
      throw new AccessProblem(
          Kind.CONFLICT, "There are " + ACCOUNTS_MAX + " accounts; remove one.");
    }
    Passwords.check(name, password);
    Instant now = clock.get();
    Account account = new Account(name, role, passwords.hash(password), now, now, now, null);
    keep(account);
    tell(account);
    return account;
  }

  /**
   * Changes what is given.
   *
   * @throws AccessProblem if that leaves nobody who may do everything
   */
  public synchronized Account change(String name, @Nullable Role role, @Nullable String password) {
    Account account = known(name);
    if (role != null && role != Role.ADMIN) {
      refuseLastAdmin(account);
    }
    if (password != null) {
      Passwords.check(name, password);
      account = account.withPassword(passwords.hash(password), clock.get());
    }
    account = role == null ? account : account.withRole(role, clock.get());
    keep(account);
    tell(account);
    return account;
  }

  public synchronized void noteLogin(String name) {
    Account account = accountByName.get(name);
    if (account != null) {
      keep(account.withLogin(clock.get()));
    }
  }

  public synchronized void remove(String name) {
    refuseLastAdmin(known(name));
    Map<String, Account> rest = new TreeMap<>(accountByName);
    rest.remove(name);
    Instant now = clock.get();
    removed(name, now);
    write(rest);
    others.accept(new JsonObject().put(REMOVED, new JsonObject().put(name, now.toString())));
  }

  private void tell(Account account) {
    JsonArray one = new JsonArray().add(account.withLogin(null).write());
    others.accept(new JsonObject().put(ACCOUNTS, one));
  }

  private Account known(String name) {
    return find(name)
        .orElseThrow(() -> new AccessProblem(Kind.UNKNOWN, "There is no account of that name."));
  }

  private void refuseLastAdmin(Account account) {
    boolean another =
        accountByName.values().stream()
            .anyMatch(other -> other.role() == Role.ADMIN && !other.name().equals(account.name()));
    if (account.role() == Role.ADMIN && !another) {
      throw new AccessProblem(Kind.CONFLICT, "That is the last admin: make another one first.");
    }
  }

  private void keep(Account account) {
    Map<String, Account> more = new TreeMap<>(accountByName);
    more.put(account.name(), account);
    write(more);
  }

  private void write(Map<String, Account> accounts) {
    JsonArray list = new JsonArray();
    accounts.values().forEach(account -> list.add(account.write()));
    JsonObject removed = new JsonObject();
    removedByName.forEach((name, at) -> removed.put(name, at.toString()));
    file.writeOrFail(new JsonObject().put(ACCOUNTS, list).put(REMOVED, removed));
    accountByName = accounts;
  }
}
