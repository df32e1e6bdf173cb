package puente.turn.relay;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.turn.Census;
import puente.turn.Counters;
import puente.turn.Note;
import puente.turn.TurnServer;

/** What people see of one shard: looked at in parts, between which its packets are served. */
final class ShardWatch {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  /** How old the rates, and the gauge of allocations that carry traffic, may be. */
  private static final long CENSUS_MS = 2000;

  private static final long NOTES_MS = 500;

  /** Slots looked at in one go: a fraction of a millisecond. */
  private static final int SLOTS_AT_ONCE = 2048;

  private final Shard shard;
  private final ScheduledExecutorService loop;
  private final Census census;
  private final Notebook notebook;
  private Observer observer = Observer.NONE;
  private List<Census.Moved> moved = new ArrayList<>();
  private int next;

  ShardWatch(Shard shard, Counters counters, long seed) {
    this.shard = shard;
    loop = shard.loop().eventLoop();
    census = new Census(counters);
    notebook = new Notebook(seed);
    loop.schedule(this::begin, CENSUS_MS, TimeUnit.MILLISECONDS);
    loop.scheduleWithFixedDelay(this::tell, NOTES_MS, NOTES_MS, TimeUnit.MILLISECONDS);
  }

  void observe(Observer newObserver) {
    observer = newObserver;
  }

  void note(Note note) {
    notebook.add(note);
  }

  private void tell() {
    try {
      notebook.tell(observer);
    } catch (RuntimeException defect) {
      LOG.error("event=defect where=notes meaning=\"please report\"", defect);
    }
  }

  private void begin() {
    next = 0;
    census.begin(shard.clockMs());
    step();
  }

  private void step() {
    try {
      TurnServer server = shard.server();
      server.forEachAllocation(
          next,
          next + SLOTS_AT_ONCE,
          allocation -> {
            census.look(allocation, moved::add, notebook::add);
            shard.questions.doubt(allocation);
          });
      next += SLOTS_AT_ONCE;
      if (next < server.allocationSlots()) {
        loop.execute(this::step);
        return;
      }
      census.end();
      List<Census.Moved> told = moved;
      moved = new ArrayList<>();
      if (!told.isEmpty()) {
        observer.onMoved(told);
      }
    } catch (RuntimeException defect) {
      LOG.error("event=defect where=census meaning=\"please report\"", defect);
    }
    loop.schedule(this::begin, CENSUS_MS, TimeUnit.MILLISECONDS);
  }
}
