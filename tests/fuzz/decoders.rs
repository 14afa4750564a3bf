//! All targets in one program, so that it is linked once: `HERDBOOK_FUZZ_TARGET` says which one runs.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

mod targets;

static TARGET: LazyLock<&targets::Target> = LazyLock::new(|| {
    let name = std::env::var("HERDBOOK_FUZZ_TARGET").expect("HERDBOOK_FUZZ_TARGET names a target");
    targets::TARGETS
        .iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("no target is called {name}"))
});

fuzz_target!(|bytes: &[u8]| {
    (TARGET.run)(bytes);
});
