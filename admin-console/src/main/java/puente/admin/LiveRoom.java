package puente.admin;

import io.vertx.core.Context;
import puente.admin.records.LogRing;

/** All of the API that moves, wired together. */
final class LiveRoom {

  private static final long FORECAST_MS = 60_000;

  private final Context context;
  private final long forecastTimer;
  private final NodeRoutes nodes;
  private final LiveRoutes pages;
  private final SessionRoutes sessions;
  private final ExplainRoutes explain;
  private final EventRoutes events;
  private final StreamRoutes streams;
  private final AlertRoutes alerts;
  private final BanRoutes bans;
  private final SignalingRoutes signaling;
  private final CapacityRoutes capacity;
  private final ForecastRoutes forecasts;
  private final SecurityRoutes security;
  private final AuditRoutes audit;
  private final ConfigRoutes config;
  private final LogRoutes logs;

  /** What it shows beside what moves: of any node as of this one. */
  record Kept(AuditTrail trail, OperationsRoutes operations, LogRing logs, AdminGate gate) {}

  LiveRoom(Context context, NodeView view, Kept kept) {
    this.context = context;
    AuditTrail trail = kept.trail;
    Cluster cluster = new Cluster(context, view.live());
    nodes = new NodeRoutes(view, cluster, trail);
    pages = new LiveRoutes(view, cluster);
    sessions = new SessionRoutes(view.live(), cluster, trail);
    explain = new ExplainRoutes(view.live(), cluster);
    events = new EventRoutes(view.live(), cluster);
    security = new SecurityRoutes(view.live(), cluster);
    audit = new AuditRoutes(trail, cluster);
    config = new ConfigRoutes(kept.operations, cluster);
    logs = new LogRoutes(kept.logs, context.owner(), kept.gate, cluster);
    signaling = new SignalingRoutes(view.live(), cluster);
    CapacityPlans plans = CapacityPlans.withKnownPrices();
    capacity = new CapacityRoutes(plans);
    forecasts = new ForecastRoutes(view, context, pages, plans);
    forecastTimer =
        context.owner().setPeriodic(FORECAST_MS, tick -> context.runOnContext(go -> tick()));
    bans = new BanRoutes(view.live(), cluster, trail);
    alerts = new AlertRoutes(view.live(), cluster);
    streams = new StreamRoutes(context, view, cluster, new StreamRoutes.Told(pages, nodes, alerts));
  }

  void addTo(ApiTable table) {
    nodes.addTo(table);
    pages.addTo(table);
    sessions.addTo(table);
    explain.addTo(table);
    events.addTo(table);
    alerts.addTo(table);
    streams.addTo(table);
    bans.addTo(table);
    signaling.addTo(table);
    security.addTo(table);
    audit.addTo(table);
    config.addTo(table);
    logs.addTo(table);
    capacity.addTo(table);
    forecasts.addTo(table);
  }

  private void tick() {
    forecasts.tick(System.currentTimeMillis());
  }

  /** Tells those who watch to come again; from any thread. */
  void close() {
    context.owner().cancelTimer(forecastTimer);
    context.runOnContext(go -> streams.close("stopping"));
  }
}
