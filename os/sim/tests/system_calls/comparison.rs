//! Runs a scenario twice, on the real system and on a simulated host, and compares what it says.

use std::time::Duration;

use selkie_sim::Builder;

use super::log::Log;

/// What differs between two logs, from the first line on that does.
fn difference(real: &Log, simulated: &Log) -> Option<String> {
    const SHOWN: usize = 12;
    let lines = real.lines.iter().zip(&simulated.lines);
    let at = lines
        .clone()
        .position(|(real, simulated)| real != simulated);
    let at = at.or((real.lines.len() != simulated.lines.len()).then_some(lines.len()))?;
    let before = real.lines[..at].join("\n  ");
    let rest = |log: &Log| {
        let lines: Vec<_> = log.lines.iter().skip(at).take(SHOWN).cloned().collect();
        lines.join("\n  ")
    };
    Some(format!(
        "after\n  {before}\nthe real system says\n  {}\nthe simulation says\n  {}",
        rest(real),
        rest(simulated)
    ))
}

/// Runs `scenario` on the real system and on a host, and compares.
pub(crate) fn compare(scenario: fn(&mut Log)) {
    let runs = move |_seed: u64, log: &mut Log| scenario(log);
    compare_all(1, runs);
}

/// The same with the numbers below `count`.
pub(crate) fn compare_runs(count: u64, scenario: fn(u64, &mut Log)) {
    compare_all(count, scenario);
}

fn compare_all(count: u64, scenario: impl Fn(u64, &mut Log) + Copy + Send + Sync + 'static) {
    let run = move || {
        let logs = (0..count).map(|number| {
            let mut log = Log::default();
            scenario(number, &mut log);
            log
        });
        logs.collect::<Vec<_>>()
    };
    // In a process of its own, where no other test has descriptors.
    let is_child = std::env::var_os("SELKIE_SIM_CHILD").is_some();
    let real = if is_child { run() } else { Vec::new() };
    Builder::new().runs(4).run(move |world| async move {
        let host = world.host("own").start_main(move || {
            for (number, (real, simulated)) in real.iter().zip(run()).enumerate() {
                if let Some(text) = difference(real, &simulated) {
                    panic!("number {number}: {text}");
                }
            }
        });
        let is_over = || host.ended().is_some();
        world
            .eventually(Duration::from_secs(1000), "the scenario ends", is_over)
            .await;
    });
}
