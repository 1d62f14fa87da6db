/** The records of a run one by one, fetched in slices. */
export function* trace(session, slice = 1000) {
  const step = Math.max(1, Math.trunc(slice) || 1);
  for (let from = 0; from < session.length; from += step) yield* session.records(from, Math.min(step, session.length - from));
}
