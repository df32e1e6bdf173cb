package puente.signal;

/**
 * The bounds of {@link Rooms}.
 *
 * @param replayMessages kept for a client that comes back, and so many characters of them
 * @param banMs how long somebody who was thrown out stays out
 */
public record RoomLimits(
    int sessions,
    int rooms,
    int members,
    int roomsOfSession,
    int messagesPerSecond,
    int messagesBurst,
    int replayMessages,
    int replayBytes,
    int messageBytes,
    long resumeWindowMs,
    long heartbeatMs,
    long helloMs,
    long banMs) {
  private static final int BURST_FACTOR = 4;

  public static final RoomLimits STANDARD =
      new RoomLimits(
          20_000, 10_000, 100, 20, 50, 200, 256, 0x4_0000, 0x1_0000, 30_000, 25_000, 10_000,
          60_000);

  /** The same with what an operator may change. */
  public RoomLimits with(
      int newSessions, int newRooms, int newMembers, int newRoomsOfSession, int perSecond) {
    return new RoomLimits(
        newSessions,
        newRooms,
        newMembers,
        newRoomsOfSession,
        perSecond,
        BURST_FACTOR * perSecond,
        replayMessages,
        replayBytes,
        messageBytes,
        resumeWindowMs,
        heartbeatMs,
        helloMs,
        banMs);
  }
}
