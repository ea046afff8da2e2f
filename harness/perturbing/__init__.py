"""Perturbing: protected spans, seeded edits, how strong they were, and asking again with what came of them.

For a check that perturbs (`variants`, `trials`, `losses`, `spans`):

    prepared = prepare(task, specs, catalog=catalog, root=root, guard=guard, fields=fields)
    changed = prepared.variant(prepared.perturbations[0], sample, k)   # a pure function of seed, sample, options and k
    losses = Losses(prepared, metric, repeated=False)
    yield from ask_again(prepared, model.head, losses.add, variants=1)   # or any function that is told of `Trials`
    losses.scores(quantity), losses.told(), losses.rows

For a search of worst cases (`searches`, `attack`, `withstood`): `Attack(prepared, measure, search, budget, most)`, then
`yield from attack.ask(head, samples)`. For several templates (`formats`, `wordings`): `Wordings(task, metric, ways)`.

For a perturbation: `spans.Span`, and the edits in `edits`; one that changes more than a text is given a `Question`.
What a perturbation may be given, by name: `text`, `rng` (its own for each sample), `shared` (the same for all samples
of a variant), `protected`, `variant` (from 0), `question`, `answers` (targets of the task), `pairs` (the rows of its
option `file`) and `target` (the field with the right answer).
"""
