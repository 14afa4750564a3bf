use serde_json::json;

use super::*;

fn record(name: &str, collection: &str, models: &[&str], parents: &[&str]) -> Value {
    json!({
        "Unique Dataset Identifier": name,
        "Dataset Name": format!("the {name}"),
        "Collection": collection,
        "Dataset URL": format!("https://example.org/{name}"),
        "Languages": ["English"],
        "Text Metrics": {"Num Dialogs": 10},
        "Text Sources": [],
        "Model Generated": models,
        "Creators": ["A", "B"],
        "Licenses": [{"License": "MIT License"}, {"License": "Some Terms (v1)"}],
        "Human Annotation": "No",
        "Derived from Datasets": parents,
        "Something else": 1,
    })
}

fn read(files: &[Value]) -> Result<Imported, DpiError> {
    let files: Vec<(String, Vec<u8>)> = (1..)
        .zip(files)
        .map(|(number, file)| (format!("{number}.json"), file.to_string().into_bytes()))
        .collect();
    import(&files)
}

#[test]
fn a_record_is_a_stated_source_with_its_generators_and_parents() {
    let first = json!({"one": record("one", "First", &["M"], &["Second", "elsewhere"])});
    let second = json!({"two": record("two", "Second", &[], &[])});
    let imported = read(&[first, second]).unwrap();
    assert_eq!((imported.collections, imported.sources), (2, 2));
    assert_eq!(
        imported.file["sources"][0],
        json!({
            "name": "one",
            "foreign": {"alg": "dpi", "value": "one"},
            "made_by": "model",
            "generators": ["M"],
            "acquired_by": "public_dataset",
            "licence": "MIT AND LicenseRef-Some-Terms--v1",
            "holder": "A; B",
            "url": "https://example.org/one",
            "languages": ["English"],
            "rows": 10,
            "derived_from": [{"use": "two"}, {"unresolved": "elsewhere"}],
        })
    );
    assert_eq!(imported.file["sources"][1]["made_by"], "unknown");
    let found: Vec<&Found> = imported.parents.iter().map(|parent| &parent.found).collect();
    assert_eq!(found, [&Found::Record("two".to_owned()), &Found::Nothing]);
}

#[test]
fn no_parent_is_guessed_or_dropped() {
    let file = json!({
        "one": record("one", "Many", &[], &["TWO", "Many", "one", "three", "two"]),
        "two": record("two", "Many", &[], &["one"]),
        "three": record("three", "Other", &[], &[]),
    });
    let imported = read(&[file]).unwrap();
    let found: Vec<(&str, &Found)> = imported
        .parents
        .iter()
        .map(|parent| (parent.text.as_str(), &parent.found))
        .collect();
    assert_eq!(
        found,
        [
            ("TWO", &Found::OtherCase(vec!["two".to_owned()])),
            ("Many", &Found::Several(2)),
            ("one", &Found::Circle("one".to_owned())),
            ("three", &Found::Record("three".to_owned())),
            ("two", &Found::Record("two".to_owned())),
            ("one", &Found::Circle("two".to_owned())),
        ]
    );
    let written: usize = (0..3)
        .map(|at| {
            imported.file["sources"][at]["derived_from"]
                .as_array()
                .map_or(0, Vec::len)
        })
        .sum();
    assert_eq!(written, 6);
}

#[test]
fn what_is_no_collection_is_refused() {
    let one = json!({"one": record("one", "First", &[], &[])});
    let twice = read(&[one.clone(), one]).unwrap_err();
    assert_eq!(twice.to_string(), "2.json has a record one, and so has 1.json");
    let bytes = br#"{"a":{"Dataset Name":"x"}}"#.to_vec();
    let form = import(&[("a.json".to_owned(), bytes)]).unwrap_err();
    assert_eq!(
        form.to_string(),
        "a.json is no collection of the Data Provenance Initiative"
    );
    let slash = read(&[json!({"a/b": record("a/b", "First", &[], &[])})]).unwrap_err();
    assert!(matches!(slash, DpiError::Name { .. }));
    let template = json!({"a name (the same)": record("text: a name", "First", &[], &[])});
    let template = read(&[json!({"one": record("one", "First", &[], &[])}), template]).unwrap_err();
    assert_eq!(
        template.to_string(),
        "2.json: the record a name (the same) says in `Unique Dataset Identifier` that it is text: a name; leave the file \
         out if it is the template of the collections, or let both be the same"
    );
    let mut silent = record("one", "First", &[], &[]);
    silent
        .as_object_mut()
        .unwrap()
        .remove("Unique Dataset Identifier");
    assert!(read(&[json!({"one": silent})]).is_ok(), "nothing that differs");
    let mut half = record("one", "First", &[], &[]);
    half["Text Metrics"]["Num Dialogs"] = json!(1.5);
    let half = read(&[json!({"one": half})]).unwrap_err();
    assert_eq!(
        half.to_string(),
        "1.json: record one has 1.5 dialogs, which is no count"
    );
}
