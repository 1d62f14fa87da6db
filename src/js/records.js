// Records: an ordered store of keys and values, for programs that use Glassbase as a library.
//
//   import init, { RecordStore } from './glassbase_core.js';      // built with the feature `js`
//   import { Records } from './records.js';
//   await init();
//   const records = new Records(new RecordStore(1024));           // a pool of 1,024 pages of 8 KiB
//   records.insert('apple', 'red');                               // texts are stored as UTF-8, arrays as they are
//   records.get('apple');                                         // Uint8Array(3), or undefined
//   records.getText('apple');                                     // 'red'
//   records.scan('a', 'b', 10, (key, value) => { ... });          // up to 10 records from 'a' to 'b'
//
// No array crosses the boundary between JavaScript and WebAssembly: both sides see one piece of memory, and calls pass
// lengths (src/js/records.rs). So the arrays that `get` and `scan` give are views of that memory. They hold until the
// next call into the program, of this store or any other; copy them with slice() to keep them.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// A call of set() costs more than so many bytes one by one.
const SHORT = 32;

// In place of the store while a scan is under way.
const BUSY = Object.fromEntries(
  ['exchange', 'insert', 'upsert', 'get', 'delete', 'scan', 'count', 'free'].map((name) => [
    name,
    () => {
      throw new Error('a scan is under way: use the store again when it is done');
    },
  ]),
);

export class Records {
  #store;
  #bytes;
  #room;

  /** Takes a RecordStore over. */
  constructor(store) {
    this.#store = store;
    this.#renew(0);
  }

  /** Adds a record; false: the key is there already, nothing changed. */
  insert(key, value) {
    const keyLength = this.#write(key, 0);
    const valueLength = this.#write(value, keyLength);
    return this.#checked(this.#store.insert(keyLength, valueLength)) === 1;
  }

  /** Adds a record or replaces its value; true: replaced. */
  upsert(key, value) {
    const keyLength = this.#write(key, 0);
    const valueLength = this.#write(value, keyLength);
    return this.#checked(this.#store.upsert(keyLength, valueLength)) === 1;
  }

  /** A view of the value, or undefined. */
  get(key) {
    const keyLength = this.#write(key, 0);
    const length = this.#checked(this.#store.get(keyLength));
    if (length < 0) return undefined;
    this.#look(keyLength + length);
    return this.#bytes.subarray(keyLength, keyLength + length);
  }

  /** The value as text, or undefined. */
  getText(key) {
    const value = this.get(key);
    return value && decoder.decode(value);
  }

  has(key) {
    return this.#checked(this.#store.get(this.#write(key, 0))) >= 0;
  }

  /** Removes a record; false: there was none. */
  delete(key) {
    return this.#checked(this.#store.delete(this.#write(key, 0))) === 1;
  }

  /**
   * Hands the records from `first` to `last` (both included; null: no bound), or backward, at most `limit`, to
   * visit(key, value). Returns how many there were. All of them stand in memory at once: scan long ranges piece by
   * piece. `visit` cannot use the store, which would overwrite the records that are still to come.
   */
  scan(first, last, limit, visit, options) {
    const show = (bytes, keyAt, valueAt, end) => visit(bytes.subarray(keyAt, valueAt), bytes.subarray(valueAt, end));
    return this.scanSpans(first, last, limit, show, options);
  }

  /** As scan, without a view for each record: visit(bytes, keyAt, valueAt, end) finds them in `bytes`. */
  scanSpans(first, last, limit, visit, { reverse = false } = {}) {
    const firstLength = first === null ? -1 : this.#write(first, 0);
    const lastLength = last === null ? -1 : this.#write(last, Math.max(firstLength, 0));
    const count = this.#checked(this.#store.scan(firstLength, lastLength, reverse, limit));
    this.#look(this.#store.exchange_length());
    const store = this.#store;
    this.#store = BUSY;
    try {
      let at = 0;
      for (let record = 0; record < count; record++) {
        // Whatever `visit` did may have made the memory grow.
        if (this.#bytes.length === 0) this.#bytes = store.exchange(0);
        const bytes = this.#bytes;
        const keyAt = at + 8;
        const valueAt = keyAt + u32(bytes, at);
        at = valueAt + u32(bytes, at + 4);
        visit(bytes, keyAt, valueAt, at);
      }
    } finally {
      this.#store = store;
    }
    return count;
  }

  get count() {
    return this.#store.count();
  }

  /** Gives the memory back. */
  free() {
    this.#store.free();
  }

  /** Writes a key or value into the exchange; returns its length. */
  #write(data, at) {
    if (typeof data === 'string') return this.#writeText(data, at);
    const length = data.length;
    this.#look(at + length);
    const bytes = this.#bytes;
    if (length > SHORT) bytes.set(data, at);
    else for (let index = 0; index < length; index++) bytes[at + index] = data[index];
    return length;
  }

  #writeText(text, at) {
    // No UTF-16 unit takes more than three bytes.
    this.#look(at + 3 * text.length);
    return encoder.encodeInto(text, at === 0 ? this.#bytes : this.#bytes.subarray(at)).written;
  }

  /** Makes sure that the view is good for `length` bytes. It loses its length when the memory grows. */
  #look(length) {
    if (this.#bytes.length !== this.#room || length > this.#room) this.#renew(length);
  }

  #renew(length) {
    this.#bytes = this.#store.exchange(length);
    this.#room = this.#bytes.length;
  }

  #fail() {
    // The exchange may have grown before the call failed, and may stand elsewhere now.
    this.#renew(0);
    throw new Error(this.#store.failure());
  }

  #checked(answer) {
    if (answer < -1) this.#fail();
    return answer;
  }
}

function u32(bytes, at) {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
