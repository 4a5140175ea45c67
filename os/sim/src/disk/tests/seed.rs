//! The same seed and the same calls give the same results, byte for byte.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};

use super::super::{Disk, Profile};
use super::script::{Runner, Step, config, script};
use crate::random::Random;

/// All that can be seen of a run: outcomes, times, events, and in the end the whole state of the disk.
fn run(seed: u64, scripts: &[Vec<Step>]) -> String {
    let mut random = Random::new(seed);
    let disk = Disk::new(Profile::hostile(), &random);
    let root = disk.root();
    let mut runner = Runner::new(disk, root);
    let mut seen = String::new();
    for script in scripts {
        for step in script {
            let outcome = runner.run(step);
            let nanoseconds = runner.disk.take_latency();
            seen += &format!("{outcome:?} {nanoseconds}\n");
        }
        runner.disk.crash(&mut random);
        for event in runner.disk.take_events() {
            seen += &format!("{event}\n");
        }
    }
    seen + &format!("{:?}", runner.disk)
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn a_seed_decides_everything(seed in any::<u64>(), scripts in vec(script(40), 1..4)) {
        assert_eq!(run(seed, &scripts), run(seed, &scripts));
    }
}

#[test]
fn another_seed_gives_other_faults() {
    let steps: Vec<Step> = (0..200).map(|_| Step::Mkdir("a")).collect();
    let scripts = [steps];
    assert_ne!(run(1, &scripts), run(2, &scripts));
}
