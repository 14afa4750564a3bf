//! Everything an item can have wrong: one table, read as YAML and as JSON on the same lines.

/// What stands below `herdbook: 1`, and the faults with their lines.
pub(super) const CASES: &[(&str, &[&str])] = &[
    // The file.
    (
        "source: []",
        &["2: `source` is not a key of a lineage file: write `sources`"],
    ),
    (
        "extra: 1",
        &[
            "2: `extra` is not a key of a lineage file: write one of herdbook, sources, models, prompts, filters, runs, datasets",
        ],
    ),
    (
        "sources: {a: b}",
        &["2: `sources` must be a list, not an object: write for example `sources: [{name: my-name}]`"],
    ),
    (
        "sources:",
        &["2: `sources` has no value: write one, or leave the key out if it is not known"],
    ),
    (
        "sources:\n- seeds",
        &[
            "3: `sources` must be an object, not the text `seeds`: write for example `sources: [{name: my-name}]`",
        ],
    ),
    // Names.
    (
        "sources:\n- {made_by: human}",
        &["3: a source needs `name`: write for example `name: my-name`"],
    ),
    (
        "sources:\n- name: 5",
        &["3: `name` must be text, not the integer 5: write for example `name: \"5\"`"],
    ),
    (
        "sources:\n- name: true",
        &["3: `name` must be text, not `true`: write for example `name: \"true\"`"],
    ),
    (
        "sources:\n- name:",
        &["3: `name` has no value: write one, or leave the key out if it is not known"],
    ),
    (
        "sources:\n- name: a/b",
        &["3: `name`: `a/b` contains `/`, which has another meaning in commands"],
    ),
    (
        "sources:\n- name: a@3",
        &["3: `name`: `a@3` contains `@`, which has another meaning in commands"],
    ),
    (
        "sources:\n- name: hb:aa",
        &["3: `name`: `hb:aa` contains `hb:`, which has another meaning in commands"],
    ),
    (
        "sources:\n- name: sha256:a",
        &["3: `name`: `sha256:a` contains `sha256:`, which has another meaning in commands"],
    ),
    (
        "sources:\n- name: \"a\\u202eb\"",
        &["3: `name`: `a\\u{202e}b` contains the invisible character U+202E"],
    ),
    (
        "sources:\n- name: \"a\\tb\"",
        &["3: `name`: `a\\u{9}b` contains the invisible character U+0009"],
    ),
    (
        "sources:\n- name: \"e\\u0301\"",
        &["3: `name`: `e\u{301}` is not in Unicode normal form C"],
    ),
    (
        "sources:\n- name: a\nmodels: []\nruns:\n- name: r\n  does: mix\n  outputs:\n  - {name: a, kind: shard}\n- {name: r, does: mix, outputs: [{name: b, kind: shard}]}",
        &[
            "9: `a` is already the name of a source on line 3: give one of them another name",
            "10: `r` is already the name of a run on line 6: give one of them another name",
        ],
    ),
    // Words and types.
    (
        "sources:\n- name: a\n  made_by: Human",
        &[
            "4: `Human` is not allowed for `made_by`: write one of human, sensor, model, mixed, unknown (did you mean `human`?)",
        ],
    ),
    (
        "sources:\n- name: a\n  made_by: nobody",
        &["4: `nobody` is not allowed for `made_by`: write one of human, sensor, model, mixed, unknown"],
    ),
    (
        "sources:\n- name: a\n  acquired_by: public",
        &[
            "4: `public` is not allowed for `acquired_by`: write one of public_dataset, licensed, third_party_private, web_crawl, user_data, annotation, own_production, unknown",
        ],
    ),
    (
        "sources:\n- name: a\n  personal_data: true",
        &[
            "4: `true` is not allowed for `personal_data`: write one of yes, no, not_known (did you mean `yes`?)",
        ],
    ),
    (
        "sources:\n- name: a\n  personal_data: false",
        &[
            "4: `false` is not allowed for `personal_data`: write one of yes, no, not_known (did you mean `no`?)",
        ],
    ),
    (
        "sources:\n- name: a\n  made_by: [human]",
        &["4: `made_by` must be a word, not a list: write for example `made_by: some text`"],
    ),
    (
        "sources:\n- name: a\n  holder: ''",
        &["4: `holder` has no value: write one, or leave the key out if it is not known"],
    ),
    (
        "sources:\n- name: a\n  holder: \"a\\u200bb\"",
        &["4: `holder`: `a\\u{200b}b` contains the invisible character U+200B"],
    ),
    (
        "sources:\n- name: a\n  period: 2023",
        &["4: `period` must be text, not the integer 2023: write for example `period: \"2023\"`"],
    ),
    (
        "sources:\n- name: a\n  languages: {en: 1}",
        &[
            "4: `languages` must be a text or a list of texts, not an object: write for example `languages: [one, two]`",
        ],
    ),
    (
        "sources:\n- name: a\n  languages: []",
        &["4: `languages` is empty: write at least one, or leave the key out"],
    ),
    (
        "sources:\n- name: a\n  rows: '1,319'",
        &["4: `rows` must be a whole number from 0, not the text `1,319`: write for example `rows: 1319`"],
    ),
    (
        "sources:\n- name: a\n  rows: -1",
        &["4: `rows` must be a whole number from 0, not the integer -1: write for example `rows: 100`"],
    ),
    (
        "sources:\n- name: a\n  license: MIT",
        &["4: `license` is not a key of a source: write `licence`"],
    ),
    (
        "sources:\n- name: a\n  crawl: yes",
        &["4: `crawl` must be an object, not the text `yes`: write for example `crawl: {name: value}`"],
    ),
    (
        "sources:\n- name: a\n  crawl:\n    agents: x",
        &["5: `agents` is not a key of `crawl`: write `agent`"],
    ),
    // Licences.
    (
        "sources:\n- name: a\n  licence: Apache 2.0",
        &["4: `licence`: `Apache 2.0` is not an SPDX expression (unknown term): write `Apache-2.0`"],
    ),
    (
        "sources:\n- name: a\n  licence: mit",
        &["4: `licence`: `mit` is not an SPDX expression (unknown term): write `MIT`"],
    ),
    (
        "sources:\n- name: a\n  licence: MIT License",
        &["4: `licence`: `MIT License` is not an SPDX expression (unknown term): write `MIT`"],
    ),
    (
        "sources:\n- name: a\n  licence: CC BY-NC 4.0",
        &["4: `licence`: `CC BY-NC 4.0` is not an SPDX expression (unknown term): write `CC-BY-NC-4.0`"],
    ),
    (
        "sources:\n- name: a\n  licence: proprietary",
        &[
            "4: `licence`: `proprietary` is not an SPDX expression (unknown term): write an SPDX expression such as `Apache-2.0 OR MIT`, or `LicenseRef-NAME` for a licence SPDX does not list",
        ],
    ),
    // Who made it.
    (
        "sources:\n- name: a\n  made_by: human\n  generators: [gpt-4]",
        &[
            "5: `generators` and `made_by: human` cannot stand together in one item: write `made_by: model` or `made_by: mixed`, or leave `generators` out",
        ],
    ),
    (
        "sources:\n- name: a\n  made_by: model\n  generators: gpt-4",
        &[
            "5: `generators` must be a list of names, or not_known, not the text `gpt-4`: write for example `generators: [gpt-4]`",
        ],
    ),
    (
        "sources:\n- name: a\n  made_by: model\n  generators: []",
        &["5: `generators` is empty: write at least one, or leave the key out"],
    ),
    (
        "sources:\n- name: a\n  made_by: model\n  synthetic_share: '0.5'",
        &[
            "5: `synthetic_share` and `made_by: model` cannot stand together in one item: write `made_by: mixed`, or leave `synthetic_share` out",
        ],
    ),
    (
        "sources:\n- name: a\n  made_by: mixed\n  synthetic_share: '1.5'",
        &["5: `synthetic_share`: 1.5 is more than 1: write a share from 0 to 1"],
    ),
    (
        "sources:\n- name: a\n  made_by: mixed\n  synthetic_share: half",
        &[
            "5: `synthetic_share`: `half` is not a decimal like 3 or 0.25, in its shortest form, with at most 18 digits",
        ],
    ),
    (
        "sources:\n- name: a\n  made_by: mixed\n  synthetic_share: true",
        &[
            "5: `synthetic_share` must be a whole number or a decimal in quotes, not `true`: write for example `synthetic_share: \"0.5\"`",
        ],
    ),
    // Content.
    (
        "sources:\n- name: a\n  files: 5",
        &[
            "4: `files` must be a path or a list of paths, not the integer 5: write for example `files: [data/*.jsonl]`",
        ],
    ),
    (
        "sources:\n- name: a\n  files: []",
        &["4: `files` is empty: write at least one, or leave the key out"],
    ),
    (
        "sources:\n- name: a\n  files: [\"a\\nb\"]",
        &["4: `files`: `a\\u{a}b` contains an invisible character: leave it out"],
    ),
    (
        "sources:\n- name: a\n  files:\n  - b\n  - ' '",
        &["6: `files` has no value: write one, or leave the key out if it is not known"],
    ),
    (
        "sources:\n- name: a\n  files: b\n  digests_from: c",
        &[
            "3: `files` and `digests_from` cannot stand together in one item: keep the one that names all its files",
        ],
    ),
    (
        "sources:\n- name: a\n  files: b\n  content: none",
        &[
            "3: `files` and `content` cannot stand together in one item: keep the first if there are bytes, the second if not",
        ],
    ),
    (
        "sources:\n- name: a\n  content: none\n  foreign: {alg: x, value: y}",
        &[
            "3: `content` and `foreign` cannot stand together in one item: keep `foreign` if somebody else's id is known",
        ],
    ),
    (
        "sources:\n- name: a\n  content: nothing",
        &["4: `nothing` is not allowed for `content`: write one of none, not_known, illustrative"],
    ),
    (
        "sources:\n- name: a\n  content: foreign",
        &["4: `content`: write `foreign: {alg: NAME, value: ID}` instead of `content`"],
    ),
    (
        "sources:\n- name: a\n  foreign: {alg: x}",
        &["4: `foreign` needs `value`: write for example `value: 3779ddbc`"],
    ),
    (
        "sources:\n- name: a\n  digests: []",
        &["4: `digests` is empty: write at least one, or leave the key out"],
    ),
    (
        "sources:\n- name: a\n  digests: [b]",
        &[
            "4: `digests` must be an object, not the text `b`: write for example `digests: [{name: part-0.jsonl, sha256: \"...\"}]`",
        ],
    ),
    (
        "sources:\n- name: a\n  digests:\n  - name: b\n  - sha256: '00'",
        &[
            "5: a digest `b` needs `sha256`: write for example `sha256: \"<64 hexadecimal digits>\"`",
            "6: a digest needs `name`: write for example `name: part-0.jsonl`",
            "6: `sha256`: `00` is not 64 lower-case hexadecimal digits",
        ],
    ),
    (
        "sources:\n- name: a\n  digests: [{name: ../b, sha256: H}]",
        &[
            "4: `name`: `../b` is not a relative path with `/` between plain names",
            "4: `sha256`: `H` is not 64 lower-case hexadecimal digits",
        ],
    ),
    (
        "sources:\n- name: a\n  digests:\n  - {name: b, sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', rows: 1}\n  - {name: b, sha256: 'fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9'}\n  - {name: b, sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', bytes: 3}\n  - {name: b, sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae', rows: 2}",
        &[
            "6: `b` has another digest at FILE:5: a name stands for one content, so remove or rename one of them",
            "8: `b` has another number of rows at FILE:5: correct or remove one of them",
        ],
    ),
    // Models and filters.
    (
        "models:\n- name: m",
        &[
            "3: a model `m` needs `provider`: write for example `provider: Example AI`",
            "3: a model `m` needs `version`: write for example `version: \"2023-03\"`",
            "3: a model `m` needs `access`: write for example `access: api`",
        ],
    ),
    (
        "models:\n- {name: m, provider: p, version: 3, access: web}",
        &[
            "3: `version` must be text, not the integer 3: write for example `version: \"3\"`",
            "3: `web` is not allowed for `access`: write one of api, weights",
        ],
    ),
    (
        "models:\n- {name: m, provider: p, version: v, access: api, alias: yes}",
        &["3: `alias` must be true or false, not the text `yes`: write for example `alias: true`"],
    ),
    (
        "filters:\n- name: f",
        &["3: a filter `f` needs `rule`: write for example `rule: dedup`"],
    ),
    (
        "filters:\n- {name: f, rule: dedup, params: [1]}",
        &["3: `params` must be an object, not a list: write for example `params: {name: value}`"],
    ),
    (
        "filters:\n- {name: f, rule: dedup, params: {a: [1]}}",
        &["3: `params` must be text, not a list: write for example `params: some text`"],
    ),
    (
        "prompts:\n- {name: p, text: hello}",
        &[
            "3: `text` is not a key of a prompt: write one of name, files, digests, digests_from, content, foreign, confidential",
        ],
    ),
    // Runs.
    (
        "runs:\n- name: r",
        &[
            "3: a run `r` needs `does`: write for example `does: generate`",
            "3: a run `r` needs `outputs`: write for example `outputs: [{name: tasks, kind: shard, files: [out/*.jsonl]}]`",
        ],
    ),
    (
        "runs:\n- name: r\n  does: trian\n  outputs: []",
        &[
            "4: `trian` is not allowed for `does`: write one of generate, annotate, judge, filter, transform, mix, train, merge, evaluate (did you mean `train`?)",
            "5: `outputs` is empty: a run is known by what it made, so name at least one output",
        ],
    ),
    (
        "runs:\n- name: r\n  does: merge\n  inputs:\n  - {use: a, as: data}\n  outputs:\n  - {name: b, kind: shard}",
        &[
            "6: a run that does `merge` takes nothing as `data`: write one of base",
            "8: a run that does `merge` does not make a `shard`: declare what made it as a run of its own",
        ],
    ),
    (
        "runs:\n- name: r\n  does: transform\n  inputs:\n  - {use: a, as: base}\n  - {use: b, as: data}\n  outputs:\n  - {name: c, kind: shard}",
        &[
            "7: a transform takes data, or exactly one base, and not both: use `merge` for several models, or two runs",
            "9: a transform does not make a `shard` here: from `data` come rows, from a `base` comes a model",
        ],
    ),
    (
        "runs:\n- name: r\n  does: mix\n  inputs:\n  - {as: data}\n  - {use: a}\n  - {use: a, unresolved: b, as: data}\n  - {use: a, digest: 'sha256:00', as: data}\n  - {unresolved: a, digest: '00', as: data}\n  - {unresolved: a, digest: 'sha256:00', as: data}\n  - {use: a, as: data, kept: 3, rows: 2, share: 2}\n  outputs:\n  - {name: b, kind: shard, inputs: [c]}",
        &[
            "6: an input needs `use`: write for example `use: NAME` or `unresolved: what it is`",
            "7: an input needs `as`: write for example `as: data`",
            "8: `use` and `unresolved` cannot stand together in one item: keep `use` if the item is declared, `unresolved` if nobody declared it",
            "9: `use` and `digest` cannot stand together in one item: a digest describes what is `unresolved`; an item that is used has its own",
            "10: `digest`: write the algorithm too: \"sha256:<64 hexadecimal digits>\"",
            "11: `digest`: `00` is not 64 lower-case hexadecimal digits",
            "12: `kept`: 3 rows cannot be kept of 2: correct `kept` or `rows`",
            "12: `share`: 2 is more than 1: write a share from 0 to 1",
            "14: `c` is not an input of this run: write what one of its inputs has as `use` or `unresolved`",
        ],
    ),
    (
        "runs:\n- name: r\n  does: mix\n  started: 2023-03-13\n  ended: '2023-03-13T09:00:00Z'\n  outputs: [{name: b, kind: shard}]",
        &[
            "5: `started`: `2023-03-13` is not an RFC 3339 time (premature end of input): write for example \"2023-03-13T09:30:00Z\"",
        ],
    ),
    (
        "runs:\n- name: r\n  does: mix\n  started: '2023-03-13T09:00:00Z'\n  ended: '2023-03-13T09:00:00+01:00'\n  outputs: [{name: b, kind: shard}]",
        &["6: `ended`: `2023-03-13T09:00:00+01:00` is before `started`: correct one of them"],
    ),
    // Data sets.
    (
        "datasets:\n- name: d",
        &["3: a dataset `d` needs `members`: write for example `members: [tasks]`"],
    ),
    (
        "datasets:\n- {name: d, members: []}",
        &["3: `members` is empty: write at least one, or leave the key out"],
    ),
    (
        "datasets:\n- {name: d, members: [5]}",
        &["3: `members` must be an object, not the integer 5: write for example `members: [NAME]`"],
    ),
    // Places.
    (
        "sources:\n- name: a-${n}",
        &["3: `${n}` is not set: add `--set n=VALUE` to the command"],
    ),
    (
        "sources:\n- name: a\n  files: 'b${n'",
        &["4: `b${n` opens `${` without closing it: write `${NAME}`"],
    ),
];
