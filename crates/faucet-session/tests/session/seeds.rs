//! The seeds of the fuzz target `session`.

use std::path::Path;

use crate::support::converse;

#[test]
fn every_seed_is_a_configuration_and_keeps_the_promises() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/session");
    let mut count = 0;
    for seed in std::fs::read_dir(&seeds).expect("the seeds are in the repository") {
        let path = seed.expect("the folder can be read").path();
        let data = std::fs::read(&path).expect("the seed can be read");
        assert!(converse(&data), "{}: the configuration is not in order", path.display());
        count += 1;
    }
    assert!(count >= 7, "{count} seeds");
}
