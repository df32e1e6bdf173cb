const form = document.querySelector('#form');
const state = document.querySelector('#state');
const out = document.querySelector('#out');
let visitor = {};

async function ask(method, path, body) {
  const headers = {'Content-Type': 'application/json'};
  if (visitor.csrfToken) headers['Puente-CSRF'] = visitor.csrfToken;
  const answer = await fetch('api/v1/auth' + path, {method, headers, body: body && JSON.stringify(body)});
  const said = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

function show(who) {
  visitor = who;
  const isIn = who.state === 'signed-in';
  state.textContent = isIn ? `Signed in as ${who.name || who.method}, role ${who.role}.`
    : who.state === 'setup' ? 'Nobody has an account yet: make the first.' : 'Sign in.';
  form.hidden = isIn && who.method !== 'loopback';
  out.hidden = who.method !== 'cookie';
  document.querySelector('#setup').hidden = who.state !== 'setup';
}

form.addEventListener('submit', async event => {
  event.preventDefault();
  const {token, name, password} = Object.fromEntries(new FormData(form));
  const isSetUp = !document.querySelector('#setup').hidden;
  try {
    show(await ask('POST', isSetUp ? '/setup' : '/login', isSetUp ? {token, name, password} : {name, password}));
  } catch (refused) {
    state.textContent = refused.message;
  }
});
out.addEventListener('click', async () => {
  await ask('POST', '/logout');
  show(await ask('GET', ''));
});
show(await ask('GET', ''));
