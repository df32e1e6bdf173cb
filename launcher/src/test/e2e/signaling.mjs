// puente.js against a running gateway: two pages whose offers cross on purpose, whose sockets are
// cut, and whose server is killed and started again.
//
// Usage: node signaling.mjs CHROMIUM BASE KEY
// Prints "RESTART" when the server is to be killed and started again under the same address.
import { check, launch, report, visitor } from './browser.mjs';

const [chromium, base, key] = process.argv.slice(2);
const CROSSINGS = 10;
const CUTS = 4;
const browser = await launch(chromium);
let ana;
let ben;

await report(browser, {
  async connects() {
    [ana, ben] = await Promise.all(['Ana', 'Ben'].map(enter));
    await Promise.all([talking(ana), talking(ben)]);
    const stats = await ana.evaluate(() => peer.stats());
    check(/^(direct|relay)\/(udp|tcp)$/.test(stats.path), stats);
    return { path: stats.path };
  },

  // Both sides add media and restart ICE at the same moment, again and again.
  async glare() {
    for (let i = 0; i < CROSSINGS; i++) {
      await Promise.all([ana, ben].map(page => page.evaluate(() => {
        peer.pc.addTransceiver('audio');
        peer.restartIce();
      })));
    }
    await Promise.all([settled(ana, 2 * CROSSINGS), settled(ben, 2 * CROSSINGS)]);
    const crossed = await Promise.all([ana, ben].map(page => page.evaluate(() => rollbacks)));
    await echo();
    check(crossed[0] + crossed[1] > 0, 'offers crossed');
    return { crossed };
  },

  // The polite side has waited its time just as the other's offer is being taken: until that is
  // done its connection calls itself stable, and what it would describe then is an answer.
  async oursIsDueWhileTheirsIsTaken() {
    await ana.evaluate(async () => {
      const { Call } = await import('/sdk/puente.js');
      const later = window.setTimeout;
      const due = [];
      window.setTimeout = (task, ms) => (ms > 100 ? due.push(task) : later(task, ms));
      window.pcs = [new RTCPeerConnection(), new RTCPeerConnection()];
      window.told = [];
      const calls = pcs.map((pc, i) => new Call(pc, {
        polite: i === 0,
        send: m => {
          if (m.description) told.push(`${m.description.type} ${m.neg}`);
          later(() => calls[1 - i].receive(m));
        },
      }));
      const take = pcs[0].setRemoteDescription;
      pcs[0].setRemoteDescription = description => {
        const taken = take.call(pcs[0], description);
        window.waited = due.splice(0).map(task => task()).length;
        window.setTimeout = later;
        return taken;
      };
      pcs.forEach(pc => pc.createDataChannel('both'));
    });
    await ana.waitForFunction(() => pcs.every(pc => pc.signalingState === 'stable' && pc.iceConnectionState === 'connected'));
    const { told, waited } = await ana.evaluate(() => ({ told, waited }));
    await ana.evaluate(() => pcs.forEach(pc => pc.close()));
    check(waited === 1 && told.join() === 'offer 2,answer 2', { told, waited });
  },

  // A first offer that never arrives is made again.
  async firstOfferIsLost() {
    await ana.evaluate(async with_ => {
      const { Puente } = await import('/sdk/puente.js');
      window.lost = 0;
      class Socket extends WebSocket {
        send(text) {
          if (/"k":"description"/.test(text) && !lost++) return;
          super.send(text);
        }
      }
      window.nets = await Promise.all([1, 2].map(() => Puente.connect('/signal', { key: with_, WebSocket: Socket })));
      for (const one of nets) (await one.join('lost')).on('peer', peer => { one.peer = peer; peer.channel('any'); });
    }, key);
    await ana.waitForFunction(() => nets.every(one => one.peer?.connected && one.peer.pc.signalingState === 'stable'));
    check(await ana.evaluate(() => { nets.forEach(one => one.close()); return lost > 1; }), 'an offer was lost');
  },

  // Sockets die while both talk: everything arrives once and in order.
  async cutAndResumed() {
    await Promise.all([ana, ben].map(page => page.evaluate(() => startCounting())));
    for (let i = 0; i < CUTS; i++) {
      const page = i % 2 ? ana : ben;
      const before = await page.evaluate(() => sockets.length);
      await page.evaluate(() => sockets.at(-1).close());
      await page.waitForFunction(n => sockets.length > n && net.state === 'open', before);
    }
    const sent = await Promise.all([ana, ben].map(page => page.evaluate(() => stopCounting())));
    await Promise.all([arrived(ana, sent[1]), arrived(ben, sent[0])]);
    const events = await ana.evaluate(() => events);
    check(events.join() === 'peer', events);
    return { sent };
  },

  // No packet passes for a while, not even a close: the page's own back-off finds the way back.
  async offlineAndBack() {
    await ana.context().setOffline(true);
    await ana.evaluate(() => sockets.at(-1).close());
    await ana.waitForFunction(() => net.state === 'resuming');
    const early = ana.evaluate(() => room.broadcast({ n: -1 }));
    await ana.context().setOffline(false);
    await early;
    await ben.waitForFunction(() => got.at(-1) === -1);
  },

  async serverKilledAndStarted() {
    const ids = await ana.evaluate(() => [net.peerId, peer.id]);
    console.log('RESTART');
    await Promise.all([ana, ben].map(page => page.waitForFunction(() => net.state === 'resuming')));
    await echo(); // the connection between the two needs no server
    await Promise.all([ana, ben].map(page => page.waitForFunction(() => net.state === 'open' && room.peers.size === 1)));
    const events = await Promise.all([ana, ben].map(page => page.evaluate(() => events.join())));
    check(events.every(one => one === 'peer'), events);
    const before = await ben.evaluate(() => peer.pc.getTransceivers().length);
    await ana.evaluate(() => { peer.pc.addTransceiver('video'); });
    await settled(ben, before + 1);
    await echo();
    return { ids, now: await ana.evaluate(() => [net.peerId, peer.id]) };
  },

  async leaves() {
    await ben.evaluate(() => net.close());
    await ana.waitForFunction(() => events.at(-1) === 'left left');
    const late = await ben.evaluate(() => room.broadcast(1).catch(e => e.code));
    check(late === 'closed', late);
  },

  async strangerIsTurnedAway() {
    const code = await ana.evaluate(async () => {
      const { Puente } = await import('/sdk/puente.js');
      return Puente.connect('/signal', { key: 'pub_of_nobody' }).catch(e => e.code);
    });
    check(code === 'unreachable' || code === 'unauthorized', code);
    const aborted = await ana.evaluate(async () => {
      const { Puente } = await import('/sdk/puente.js');
      return Puente.connect('/signal', { key: 'x', signal: AbortSignal.abort() }).catch(e => e.code);
    });
    check(aborted === 'closed', aborted);
  },
});

async function enter(name) {
  const page = await visitor(browser, name);
  await page.goto(`${base}/examples/`);
  await page.evaluate(async ([me, with_]) => {
    const { Puente } = await import('/sdk/puente.js');
    Object.assign(window, { sockets: [], events: [], got: [], rollbacks: 0, echoes: new Set() });
    class Socket extends WebSocket {
      constructor(...address) {
        super(...address);
        sockets.push(this);
      }
    }
    window.net = await Puente.connect('/signal', { key: with_, meta: { name: me }, WebSocket: Socket });
    window.room = await net.join('test');
    room.on('message', ({ n }) => got.push(n));
    room.on('peer', peer => {
      events.push('peer');
      window.peer = peer;
      peer.on('error', e => events.push(`error ${e}`));
      peer.on('left', why => events.push(`left ${why}`));
      window.channel = peer.channel('echo', { negotiated: true, id: 1 });
      channel.onmessage = ({ data }) => (data.startsWith('?') ? channel.send(`!${data}`) : echoes.add(data));
      const { pc } = peer;
      const take = pc.setRemoteDescription;
      pc.setRemoteDescription = description => {
        if (description.type === 'offer' && pc.signalingState !== 'stable') rollbacks++;
        return take.call(pc, description);
      };
    });
    window.startCounting = () => {
      window.n = 0;
      window.counting = setInterval(() => room.broadcast({ n: n++ }), 25);
    };
    window.stopCounting = () => { clearInterval(counting); return n; };
  }, [name, key]);
  return page;
}

function talking(page) {
  return page.waitForFunction(() => window.channel?.readyState === 'open' && peer.connected);
}

function settled(page, lines) {
  return page.waitForFunction(n =>
    peer.pc.signalingState === 'stable' && peer.connected
    && peer.pc.getTransceivers().filter(one => one.mid !== null).length >= n, lines);
}

async function arrived(page, count) {
  await page.waitForFunction(n => got.length >= n, count);
  const wrong = await page.evaluate(n => got.length !== n || got.findIndex((one, i) => one !== i), count);
  check(wrong === -1, { lostOrTwice: wrong, of: count });
}

async function echo() {
  const word = `?${Math.random()}`;
  await ana.evaluate(one => channel.send(one), word);
  await ana.waitForFunction(one => echoes.has(`!${one}`), word);
}
