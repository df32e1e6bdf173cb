import { Puente } from '/sdk/puente.js';
import { ownKey } from './site.js';

const room = new URLSearchParams(location.search).get('room') ?? 'example';
const videos = document.querySelector('#videos');

function screen(stream, muted) {
  const video = document.createElement('video');
  Object.assign(video, { srcObject: stream, autoplay: true, playsInline: true, muted });
  videos.append(video);
  return video;
}

document.querySelector('#begin').addEventListener('click', async ({ target }) => {
  target.disabled = true;
  const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  screen(camera, true);

  const net = await Puente.connect('/signal', { key: await ownKey() });
  const call = await net.join(room);
  call.on('peer', peer => {
    let video;
    peer.on('track', (track, [stream]) => { video ??= screen(stream, false); });
    peer.on('path', ({ path }) => { video.title = path; });
    peer.on('left', () => video?.remove());
    peer.addStream(camera);
  });
});
