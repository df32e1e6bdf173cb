package puente.launcher;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.net.DescriptorHolder;

/** The {@link Node} as the command line sees it. */
record WiredNode(Node node) implements RunningNode {

  /** Starts such a node, at once or in two steps. */
  static final Starter STARTER =
      new Starter() {
        @Override
        public RunningNode start(Config config, StateDirectory state, DescriptorHolder holder)
            throws StartFailure {
          return new WiredNode(new Node(NodePreparation.of(config, state, holder), state, null));
        }

        @Override
        public Prepared prepare(Config config, StateDirectory state, DescriptorHolder holder)
            throws StartFailure {
          NodePreparation parts = NodePreparation.of(config, state, holder);
          return new Prepared() {
            private @Nullable NodeOutset outset;

            @Override
            public void lookAhead() throws StartFailure {
              try {
                outset = NodeOutset.of(parts, state);
              } catch (BindFailure refused) {
                throw StartFailure.of(refused);
              }
            }

            @Override
            public RunningNode start() throws StartFailure {
              return new WiredNode(new Node(parts, state, outset));
            }

            @Override
            public void discard() {
              parts.close();
            }
          };
        }

        @Override
        public Optional<Rehearsal.Stage> understudy() {
          return Optional.of(DataPlane::start);
        }
      };

  @Override
  public List<Listening> listening() {
    return node.listening();
  }

  @Override
  public long received() {
    return node.received();
  }

  @Override
  public void reload(Config config) throws StartFailure {
    var unused = node.reload(config);
  }

  @Override
  public CompletionStage<Void> drain() {
    return node.drain();
  }

  @Override
  public CompletionStage<Void> leave() {
    return node.leave();
  }

  @Override
  public CompletionStage<Void> stop() {
    return node.stop();
  }
}
