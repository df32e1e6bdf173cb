package puente.users;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a database holds beside its users: few rows, read whole, again and again. */
public record Contents(Map<Table, List<Row>> rowsByTable) {

  /** An empty database. */
  public static final Contents NOTHING = new Contents(Map.of());

  private static final List<Table> TABLES =
      List.of(
          Table.SECRETS,
          Table.ALLOWED_PEERS,
          Table.DENIED_PEERS,
          Table.ORIGINS,
          Table.OPTIONS,
          Table.OAUTH_KEYS);

  public Contents {
    rowsByTable = Map.copyOf(rowsByTable);
  }

  /** Reads all of it. */
  public static Contents read(UserDatabase database) throws DatabaseFailure {
    Map<Table, List<Row>> rows = new EnumMap<>(Table.class);
    for (Table table : TABLES) {
      rows.put(table, List.copyOf(database.rows(table)));
    }
    return new Contents(rows);
  }

  public List<Row> rows(Table table) {
    return rowsByTable.getOrDefault(table, List.of());
  }

  /** How many rows there are; no secret. */
  @Override
  public String toString() {
    return "Contents[" + rowsByTable.values().stream().mapToInt(List::size).sum() + " rows]";
  }
}
