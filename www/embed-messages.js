// Messages between an embedded page (?embed) and the page around it.
//
//   in    { glassbase: 1, id, call: 'run', argument: 'insert 37' }           from ?origin=https://course.example alone
//   out   { glassbase: 1, id, state }  or  { glassbase: 1, id, error: { code, message, problems } }
//   out   { glassbase: 1, event: 'step', detail }                            to that origin alone
//   out   { glassbase: 1, event: 'size', height } and { subject: 'lti.frameResize', height }        to whoever is around
//
// Nobody may ask for anything unless the address of the frame names them. Who can put the frame into a page writes its address,
// so this keeps out the pages that come between: other frames, and windows that were opened.
import { watchHeight } from './lab-element.js';

const CALLS = ['run', 'open', 'step', 'seek', 'fork', 'play', 'pause', 'reveal', 'speed', 'theme', 'state'];
/** Calls that may wait for their answer at once. */
const WAITING_MAX = 100;

/** The origins that an address names; what is no whole origin names nobody. */
export function named(search) {
  const origins = new URLSearchParams(search).getAll('origin').map((text) => {
    try {
      const url = new URL(text);
      return url.origin === 'null' || url.origin !== text.replace(/\/$/, '') ? null : url.origin;
    } catch {
      return null;
    }
  });
  return origins.filter((origin) => origin !== null);
}

/** Gives `tell` for the program, and `attach` for what the program gives. */
export function connect() {
  const origins = named(location.search);
  const around = window.parent;
  const post = (message, origin) => around.postMessage({ glassbase: 1, ...message }, origin);
  // Where the browser says whose page is around, the others that the address names are not around, and need not be called.
  const own = location.ancestorOrigins?.[0];
  const heard = own === undefined ? origins : origins.filter((origin) => origin === own);
  const tell = (event, detail) => queueMicrotask(() => {
    for (const origin of heard) post({ event, detail }, origin);
    if (event === 'ready') {
      watchHeight(document.getElementById('app'), (height) => {
        post({ event: 'size', height }, '*');
        around.postMessage({ subject: 'lti.frameResize', height }, '*');
      });
    }
  });

  function attach(lab) {
    let waiting = 0;
    addEventListener('message', ({ data, origin, source }) => {
      if (source !== around || source === window || !origins.includes(origin)) return;
      if (data === null || typeof data !== 'object' || data.glassbase !== 1 || typeof data.call !== 'string') return;
      const { id, call, argument } = data;
      const refuse = (code, message, problems = []) => post({ id, error: { code, message, problems } }, origin);
      if (!CALLS.includes(call)) return refuse('unknown', `There is no "${call.slice(0, 40)}"; there are ${CALLS.join(', ')}.`);
      if (waiting >= WAITING_MAX) return refuse('limit', `${WAITING_MAX} calls wait for their answers: wait for them too.`);
      waiting += 1;
      lab.call(
        call,
        argument,
        (state) => queueMicrotask(() => {
          waiting -= 1;
          post({ id, state }, origin);
        }),
        (error) => queueMicrotask(() => {
          waiting -= 1;
          refuse(error.code, error.message, error.problems);
        }),
      );
    });
  }
  return { tell, attach };
}
