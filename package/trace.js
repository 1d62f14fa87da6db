/** The records of a run one by one, fetched in slices. */
export function* trace(session, slice = 1000) {
  for (let from = 0; from < session.length; from += slice) yield* session.records(from, Math.min(slice, session.length - from));
}
