package puente.turn;

import puente.stun.BindingServer;
import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.Method;

/** Binding: the client's address (RFC 8489 §6.3.1), with a credential where that is asked for. */
final class BindingRequests {

  private final BindingServer binding;
  private final Gate gate;
  private final Answers answers;
  private final Counters counters;
  private TurnConfig config;

  BindingRequests(
      TurnConfig config, BindingServer binding, Gate gate, Answers answers, Counters counters) {
    this.config = config;
    this.binding = binding;
    this.gate = gate;
    this.answers = answers;
    this.counters = counters;
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
  }

  void onRequest(Message message, FiveTuple client, long now, Effects out) {
    if (config.noStun()) {
      counters.count(Counter.DISABLED);
      return;
    }
    BindingServer.Seal seal = null;
    if (config.secureStun()) {
      Login login = gate.login(message, client, null, answers, now, out);
      if (login == null) {
        return;
      }
      seal = answer -> answers.seal(answer, login);
    }
    MessageBuilder builder = answers.builder();
    BindingServer.Answer route = binding.answer(message, client, builder, seal);
    if (route == null) {
      counters.count(Counter.UNEXPECTED);
      return;
    }
    counters.response(Method.BINDING, client.transport(), Answers.errorIn(builder));
    if (route.isDirect(client)) {
      out.toClient(client, builder.bytes(), builder.length());
    } else {
      out.toClientFrom(route.from(), client, route.to(), builder.bytes(), builder.length());
    }
  }
}
