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
    const { measures, asking } = await split.run(`insert ${key}`);
    const levels = measures.height === 1 ? '1 level' : `${measures.height} levels`;
    by('split-says').textContent = asking
      ? 'Your key comes after the question that the lab asks: answer that first.'
      : `${measures.records} records in ${measures.pages} pages, on ${levels}.`;
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
  const said = {
    'set read 1': 'set read 2',
    'set write 1': 'set write 2',
    '# One node has said yes, so c1 was told that its write is done. Now c2 asks one node. What may it be told?':
      '# Two nodes have said yes, so c1 was told that its write is done. Now c2 asks two. What may it be told?',
  };
  await quorum.open({ script: Object.entries(said).reduce((text, [one, two]) => text.replace(one, two), script) });
});

by('crash-again').addEventListener('click', () => {
  by('crash-says').textContent = '';
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
