// puente.js against two nodes: two pages meet across them, one node says goaway, one is killed.
//
// Usage: node cluster.mjs CHROMIUM ONE TWO KEY
// Prints "KILL" when node two is to be killed.
import { check, launch, report, visitor } from './browser.mjs';

const [chromium, one, two, key] = process.argv.slice(2);
const browser = await launch(chromium);
let ana;
let ben;
let asked = 0;

await report(browser, {
  async meetsAcrossNodes() {
    [ana, ben] = await Promise.all([enter('Ana', [two, one]), enter('Ben', [one])]);
    await Promise.all([talking(ana), talking(ben)]);
    const servers = await Promise.all([ana, ben].map(page => page.evaluate(() => net.server)));
    check(servers[0] !== servers[1], servers);
    return { servers };
  },

  // As a node says that drains: the client goes to the next one and is who it was.
  async goesAwayAndOn() {
    await ana.evaluate(() => sockets.at(-1).onmessage({
      data: JSON.stringify({ t: 'goaway', d: { reason: 'drain', afterMs: 100, resume: true } }),
    }));
    await ana.waitForFunction(first => net.state === 'open' && net.server !== first,
      await ana.evaluate(() => net.server));
    await ana.evaluate(() => room.broadcast({ n: 1 }));
    await ben.waitForFunction(() => got.at(-1) === 1);
    check((await states(ana)) === 'peer', await states(ana));
    await ana.evaluate(() => sockets.at(-1).close()); // and back to node two
    await ana.waitForFunction(() => net.state === 'open' && sockets.length === 3);
    return { sockets: await ana.evaluate(() => sockets.length) };
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
    Object.assign(window, { sockets: [], events: [], got: [], ices: 0, echoes: new Set() });
    class Socket extends WebSocket {
      constructor(...address) {
        super(...address);
        sockets.push(this);
      }
    }
    window.net = await Puente.connect(urls, { key: with_, meta: { name: me }, WebSocket: Socket });
    net.on('ice', () => ices++);
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
