package puente.turn;

import puente.stun.FiveTuple;
import puente.stun.Method;

/** What an answer needs to know of its request; kept while an allocation is being made. */
record Request(Method method, byte[] transactionId, FiveTuple client, Login login) {}
