// How a measurement becomes a row of the table.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** More is better; the goal is a least ratio. */
export function atLeast(id, what, ours, peer, unit, goal) {
  const ratio = ours / peer;
  return { id, what, ours, peer, unit, ratio, goal: `at least ${goal}x`, holds: ratio >= goal };
}

/** Less is better; the goal is a most. */
export function atMost(id, what, ours, unit, goal) {
  return { id, what, ours, peer: null, unit, ratio: null, goal: `under ${goal} ${unit}`, holds: ours < goal };
}

/** No goal: a figure to know, beside another where there is one. */
export function noted(id, what, ours, peer, unit) {
  return { id, what, ours, peer, unit, ratio: peer === null ? null : ours / peer, goal: '', holds: null };
}
