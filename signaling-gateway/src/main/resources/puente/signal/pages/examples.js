// Shows the source of the example on the page, as it is served.
import { $, copy } from './site.js';

const source = $('[data-source]');
if (source) {
  source.textContent = await (await fetch(source.dataset.source)).text();
  $('#copy').addEventListener('click', e => copy(source.textContent, e.currentTarget));
}
