package puente.turn;

import puente.stun.ErrorCode;

/**
 * No, as a value: answered in one place.
 *
 * @param why for people; never sent
 * @param unknown the attributes that UNKNOWN-ATTRIBUTES lists
 */
record Refuse(ErrorCode error, String why, int... unknown) implements Authenticator.Outcome {}
