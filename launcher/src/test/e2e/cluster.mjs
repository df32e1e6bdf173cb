// puente.js against two nodes: two pages meet across them, one node drains, then it is killed.
//
// Usage: node cluster.mjs CHROMIUM ONE TWO KEY
// Prints "DRAIN" and "UNDRAIN" when node two is to drain and not to, and "KILL" when it is to be
// killed. Each node's signal-url is its URL here and /signal.
import { check, launch, report, visitor } from './browser.mjs';

const [chromium, one, two, key] = process.argv.slice(2);
const browser = await launch(chromium);
let ana;
let ben;
let asked = 0;

await report(browser, {
  async meetsAcrossNodes() {
    [ana, ben] = await Promise.all([enter('Ana', [two]), enter('Ben', [one])]);
    await Promise.all([talking(ana), talking(ben)]);
    const servers = await Promise.all([ana, ben].map(page => page.evaluate(() => net.server)));
    check(servers[0] !== servers[1], servers);
    return { servers };
  },

  // Node two drains and says where to go; the client knew of no other, and is who it was.
  async goesWhereItIsSent() {
    const before = await ana.evaluate(() => ({ server: net.server, id: net.peerId }));
    console.log('DRAIN');
    await ana.waitForFunction(first => net.state === 'open' && net.server !== first, before.server);
    const [sent, id] = await ana.evaluate(() => [sentTo, net.peerId]);
    check(sent.length === 1 && sent[0] === `${one.replace('http', 'ws')}/signal`, sent);
    check(id === before.id, 'the same peer');
    await ana.evaluate(() => room.broadcast({ n: 1 }));
    await ben.waitForFunction(() => got.at(-1) === 1);
    check((await states(ana)) === 'peer', await states(ana));
    await echo();
    console.log('UNDRAIN');
    // And back, as if node one had drained: only now does it know where from.
    await ana.waitForFunction(first => {
      if (net.state === 'open' && net.server !== first) sockets.at(-1).close();
      return net.state === 'open' && net.server === first;
    }, before.server);
    return { sent, sockets: await ana.evaluate(() => sockets.length) };
  },

  async nodeKilled() {
    const before = await Promise.all([ana, ben].map(page => page.evaluate(() => ({ id: net.peerId, ice: ices }))));
    console.log('KILL');
    await ana.waitForFunction(() => net.state === 'resuming');
    const killed = Date.now();
    await ben.evaluate(() => room.broadcast({ n: 2 }));
    await echo(); // the call needs no server
    await ana.waitForFunction(() => net.state === 'open');
    const resumedMs = Date.now() - killed;
    await ana.waitForFunction(() => got.at(-1) === 2); // sent while it was away
    check((await ana.evaluate(() => net.peerId)) === before[0].id, 'the same peer');
    for (const page of [ana, ben]) check((await states(page)) === 'peer', await states(page));
    await ben.waitForFunction(n => ices > n, before[1].ice); // without the dead node
    await ana.evaluate(() => { peer.pc.addTransceiver('audio'); peer.restartIce(); });
    await ben.waitForFunction(() => peer.pc.signalingState === 'stable'
      && peer.pc.getTransceivers().some(line => line.mid !== null && line.receiver.track.kind === 'audio'));
    await echo();
    return { resumedMs };
  },
});

function states(page) {
  return page.evaluate(() => events.join());
}

async function enter(name, servers) {
  // The pages' own policy knows one gateway; an application's names all of its own.
  const page = await visitor(browser, name, { bypassCSP: true });
  await page.goto(`${one}/examples/`);
  await page.evaluate(async ([me, with_, urls]) => {
    const { Puente } = await import('/sdk/puente.js');
    Object.assign(window, { sentTo: [], sockets: [], events: [], got: [], ices: 0, echoes: new Set() });
    class Socket extends WebSocket {
      constructor(...address) {
        super(...address);
        sockets.push(this);
      }
    }
    window.net = await Puente.connect(urls, { key: with_, meta: { name: me }, WebSocket: Socket });
    net.on('ice', () => ices++);
    net.on('goaway', d => sentTo.push(d.reconnect));
    window.room = await net.join('test');
    room.on('message', ({ n }) => got.push(n));
    room.on('peer', peer => {
      events.push('peer');
      window.peer = peer;
      peer.on('error', e => events.push(`error ${e}`));
      peer.on('left', why => events.push(`left ${why}`));
      window.channel = peer.channel('echo', { negotiated: true, id: 1 });
      channel.onmessage = ({ data }) => (data.startsWith('?') ? channel.send(`!${data}`) : echoes.add(data));
    });
  }, [name, key, servers.map(url => `${url}/signal`)]);
  return page;
}

function talking(page) {
  return page.waitForFunction(() => window.channel?.readyState === 'open' && peer.connected);
}

async function echo() {
  const text = `?${++asked}`;
  await ana.evaluate(one => channel.send(one), text);
  await ana.waitForFunction(one => echoes.has(`!${one}`), text);
}
