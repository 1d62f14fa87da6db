// What the course page does with its labs: it asks by their methods and hears by their events, nothing else.
const by = (id) => document.getElementById(id);
const [split, quorum, crash] = ['split', 'quorum', 'crash'].map(by);

/** Says in words what an Error of a lab says. */
const shown = (output) => (error) => {
  output.textContent = error.message;
};

by('split-insert').addEventListener('click', async () => {
  const key = by('split-key').value.trim();
  by('split-says').textContent = '';
  try {
    const { measures } = await split.run(`insert ${key}`);
    by('split-says').textContent = `${measures.records} records in ${measures.pages} pages, on ${measures.height} levels.`;
  } catch (error) {
    shown(by('split-says'))(error);
  }
});

quorum.addEventListener('violation', ({ detail }) => {
  by('quorum-says').textContent = `Violated: ${detail.text}`;
});

by('quorum-two').addEventListener('click', async () => {
  const { script } = await quorum.state();
  by('quorum-says').textContent = 'The checker has not spoken yet.';
  await quorum.open({ script: script.replace('set read 1', 'set read 2').replace('set write 1', 'set write 2') });
});

by('crash-again').addEventListener('click', () => {
  crash
    .run('begin d\nput 10 LOST\nput 40 LOST\ncrash\nrecover\nexpect keys = 10 20 30\nexpect get 10 = ash')
    .catch(shown(by('crash-says')));
});

crash.addEventListener('goal', ({ detail }) => {
  by('crash-says').textContent = `It held: ${detail.text}.`;
});
crash.addEventListener('violation', ({ detail }) => {
  by('crash-says').textContent = `It did not hold: ${detail.text}.`;
});
