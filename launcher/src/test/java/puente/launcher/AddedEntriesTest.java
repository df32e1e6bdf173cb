package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is added on several nodes comes to the same on all of them. */
class AddedEntriesTest {

  private static final Instant T0 = Instant.parse("2026-11-21T00:00:00Z");

  private static AddedAccess withUser(AddedAccess there, String name, String password, int second) {
    Map<String, AddedAccess.User> users = new TreeMap<>(there.userByName());
    users.put(name, new AddedAccess.User(password, T0));
    return AddedEntries.changed(there, there, there.withUsers(users), T0.plusSeconds(second));
  }

  private static AddedAccess withoutUser(AddedAccess there, String name, int second) {
    Map<String, AddedAccess.User> users = new TreeMap<>(there.userByName());
    users.remove(name);
    return AddedEntries.changed(there, there, there.withUsers(users), T0.plusSeconds(second));
  }

  private static AddedAccess withSecret(
      AddedAccess there, String text, Optional<Instant> ends, int second) {
    List<AddedAccess.Secret> secrets = new ArrayList<>(there.secrets());
    secrets.removeIf(one -> one.text().equals(text));
    secrets.addFirst(new AddedAccess.Secret(text, T0.plusSeconds(second), ends));
    AddedAccess next = there.withSecrets(secrets, there.generatedEnds(), T0);
    return AddedEntries.changed(there, there, next, T0.plusSeconds(second));
  }

  private static AddedAccess withQuota(AddedAccess there, int max, int second) {
    Map<String, Integer> quotas = new HashMap<>(there.quotaBySetting());
    quotas.put(Settings.USER_QUOTA.name(), max);
    return AddedEntries.changed(there, there, there.withQuotas(quotas), T0.plusSeconds(second));
  }

  private static AddedAccess hears(AddedAccess there, AddedAccess other) {
    return hears(there, AddedEntries.told(AddedAccess.NOTHING, other));
  }

  private static AddedAccess hears(AddedAccess there, List<JsonObject> told) {
    return AddedEntries.merged(there, new JsonArray(told), T0.plusSeconds(1000));
  }

  @Test
  void bothNodesHaveWhatEitherWasTold() {
    AddedAccess one = withUser(AddedAccess.NOTHING, "ana", "pass-a", 1);
    AddedAccess two = withQuota(withUser(AddedAccess.NOTHING, "ben", "pass-b", 2), 7, 3);
    AddedAccess both = hears(one, two);
    assertEquals(both, hears(two, one));
    assertEquals(2, both.userByName().size());
    assertEquals(7, both.quotaBySetting().get(Settings.USER_QUOTA.name()));
  }

  @Test
  void theLaterChangeIsRightInAnyOrder() {
    AddedAccess old = withUser(AddedAccess.NOTHING, "ana", "old password", 1);
    AddedAccess late = withUser(old, "ana", "new password", 5);
    assertEquals("new password", password(hears(old, late)));
    assertEquals("new password", password(hears(late, old)));
    AddedAccess gone = withoutUser(late, "ana", 9);
    assertTrue(hears(late, gone).userByName().isEmpty());
    assertTrue(hears(gone, late).userByName().isEmpty(), "who missed it brings nothing back");
    assertEquals("again", password(hears(gone, withUser(gone, "ana", "again", 10))));
  }

  private static String password(AddedAccess added) {
    return added.userByName().values().iterator().next().password();
  }

  /** A clock that stands still or goes back makes no change the earlier one. */
  @Test
  void aChangeIsLaterThanTheOneBefore() {
    AddedAccess first = withUser(AddedAccess.NOTHING, "ana", "first one", 5);
    AddedAccess second = withUser(first, "ana", "second one", 5);
    assertEquals("second one", password(hears(first, second)));
    AddedAccess third = withUser(second, "ana", "third one", 1);
    assertEquals("third one", password(hears(second, third)));
  }

  /** What was heard while somebody changed something else is not taken for removed. */
  @Test
  void aChangeKeepsWhatIsHeardMeanwhile() {
    AddedAccess base = withUser(AddedAccess.NOTHING, "ana", "pass-a", 1);
    AddedAccess meanwhile = hears(base, withUser(AddedAccess.NOTHING, "ben", "pass-b", 2));
    AddedAccess next = base.withQuotas(Map.of(Settings.USER_QUOTA.name(), 3));
    AddedAccess both = AddedEntries.changed(meanwhile, base, next, T0.plusSeconds(3));
    assertEquals(List.of("ana", "ben"), List.copyOf(both.userByName().keySet()));
    assertEquals(3, both.quotaBySetting().get(Settings.USER_QUOTA.name()));
  }

  @Test
  void theNewestSecretSignsOnAllNodes() {
    AddedAccess one =
        withSecret(AddedAccess.NOTHING, "secret of the first node", Optional.empty(), 1);
    AddedAccess two = withSecret(one, "secret of the second", Optional.empty(), 2);
    AddedAccess rotated =
        withSecret(two, "secret of the first node", Optional.of(T0.plusSeconds(5000)), 3);
    AddedAccess heard = hears(one, rotated);
    assertEquals(rotated, heard);
    assertEquals("secret of the second", heard.secrets().getFirst().text());
    AddedAccess removed =
        AddedEntries.changed(
            heard, heard, heard.withSecrets(List.of(), null, T0), T0.plusSeconds(4));
    assertTrue(hears(rotated, removed).secrets().isEmpty());
    String told = AddedEntries.told(AddedAccess.NOTHING, removed).toString();
    assertFalse(told.contains("first node"), "who says that it is gone does not say it");
  }

  @Test
  void onlyWhatChangedIsTold() {
    AddedAccess before = withUser(AddedAccess.NOTHING, "ana", "pass-a", 1);
    AddedAccess after = withUser(before, "ben", "pass-b", 2);
    assertEquals(1, AddedEntries.told(before, after).size());
    assertEquals(2, AddedEntries.told(AddedAccess.NOTHING, after).size());
    assertSame(after, hears(after, before), "no news");
  }

  /** Whatever is said in whichever order, all come to the same. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void allNodesComeToTheSame(long seed) {
    Random random = new Random(seed);
    List<AddedAccess> nodes = new ArrayList<>(Collections.nCopies(3, AddedAccess.NOTHING));
    List<List<JsonObject>> onTheWay = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int at = random.nextInt(3);
      AddedAccess there = nodes.get(at);
      String name = "user" + random.nextInt(4);
      int second = random.nextInt(20);
      AddedAccess next =
          switch (random.nextInt(4)) {
            case 0 -> withoutUser(there, name, second);
            case 1 -> withQuota(there, random.nextInt(5), second);
            case 2 -> withSecret(there, "a secret " + random.nextInt(3), Optional.empty(), second);
            default -> withUser(there, name, "password" + random.nextInt(9), second);
          };
      onTheWay.add(AddedEntries.told(there, next));
      nodes.set(at, next);
    }
    for (int node = 0; node < 3; node++) {
      Collections.shuffle(onTheWay, random);
      for (List<JsonObject> told : onTheWay) {
        nodes.set(node, hears(nodes.get(node), told));
      }
    }
    assertEquals(nodes.get(0), nodes.get(1), () -> "seed " + seed);
    assertEquals(nodes.get(0), nodes.get(2), () -> "seed " + seed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'k':'admin ana','at':'2026-11-21T00:00:00Z','v':'1'}",
        "{'k':'user a:b','at':'2026-11-21T00:00:00Z','v':'{}'}",
        "{'k':'user ana','at':'2026-11-21T00:00:00Z','v':'17'}",
        "{'k':'quota user-quota','at':'2026-11-21T00:00:00Z','v':'-1'}",
        "{'k':'quota user-quota','at':'yesterday','v':'1'}",
        "{'k':'secret abc','at':'2026-11-21T00:00:00Z','v':'{}'}"
      })
  void whatMakesNoSenseIsRefused(String entry) {
    JsonArray told = new JsonArray().add(new JsonObject(entry.replace('\'', '"')));
    assertThrows(RuntimeException.class, () -> AddedEntries.merged(AddedAccess.NOTHING, told, T0));
  }

  @Test
  void whatIsOfTomorrowIsNotRightForEver() {
    AddedAccess far = withUser(AddedAccess.NOTHING, "ana", "pass-a", 0);
    JsonArray told = new JsonArray(AddedEntries.told(AddedAccess.NOTHING, far));
    Instant before = T0.minus(Duration.ofDays(2));
    assertSame(AddedAccess.NOTHING, AddedEntries.merged(AddedAccess.NOTHING, told, before));
  }

  @Test
  void removalsAreRememberedWithinABound() {
    AddedAccess added = AddedAccess.NOTHING;
    Map<String, AddedAccess.User> users = new TreeMap<>();
    for (int i = 0; i < AddedEntries.REMOVED_MAX + 100; i++) {
      users.put("user" + i, new AddedAccess.User("password", T0));
    }
    added = AddedEntries.changed(added, added, added.withUsers(users), T0);
    AddedAccess none =
        AddedEntries.changed(added, added, added.withUsers(Map.of()), T0.plusSeconds(1));
    assertEquals(AddedEntries.REMOVED_MAX, none.changedByEntry().size());
  }
}
