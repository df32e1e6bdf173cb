package puente.admin.access;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import puente.admin.access.AccessProblem.Kind;

/**
 * The people who may sign in. Reading takes no time; checking passwords and all changes do, so they
 * belong on a worker. A change is in the file before it is in force.
 */
public final class Accounts {

  static final int ACCOUNTS_MAX = 1000;

  /** Safe in every log, path and page. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,63}");

  private final StateFile file;
  private final Passwords passwords;
  private final Supplier<Instant> clock;
  private volatile Map<String, Account> accountByName;

  private Accounts(
      StateFile file,
      Passwords passwords,
      Supplier<Instant> clock,
      Map<String, Account> accountByName) {
    this.file = file;
    this.passwords = passwords;
    this.clock = clock;
    this.accountByName = accountByName;
  }

  /**
   * Reads them.
   *
   * @throws IOException in one line for the operator
   */
  public static Accounts open(StateFile file, SecureRandom random, Supplier<Instant> clock)
      throws IOException {
    Map<String, Account> accounts = new TreeMap<>();
    try {
      JsonArray list = file.read().getJsonArray("accounts", new JsonArray());
      for (int i = 0; i < list.size(); i++) {
        Account account = Account.read(list.getJsonObject(i));
        accounts.put(account.name(), account);
      }
    } catch (RuntimeException broken) {
      throw new IOException(
          "the console's accounts cannot be read: " + broken.getMessage(), broken);
    }
    return new Accounts(file, new Passwords(random), clock, accounts);
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
    Account account = new Account(name, role, passwords.hash(password), now, now, null);
    keep(account);
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
    account = role == null ? account : account.withRole(role);
    keep(account);
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
    write(rest);
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
    file.writeOrFail(new JsonObject().put("accounts", list));
    accountByName = accounts;
  }
}
