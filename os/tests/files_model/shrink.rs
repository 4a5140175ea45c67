//! Makes a program that fails smaller, as long as it fails.

use super::program::{End, Op, Part, Program, Scheduler, Step};

/// The smallest program found that `fails`.
pub(crate) fn shrink(program: &Program, fails: impl Fn(&Program) -> bool) -> Program {
    let mut smallest = program.clone();
    loop {
        let before = smallest.clone();
        for candidate in candidates(&smallest) {
            if fails(&candidate) {
                smallest = candidate;
                break;
            }
        }
        if smallest == before {
            return smallest;
        }
    }
}

/// Programs that are simpler by one thing.
fn candidates(program: &Program) -> Vec<Program> {
    let mut all = Vec::new();
    for number in 0..program.len() {
        let mut without = program.clone();
        without.remove(number);
        all.push(without);
        let mut joined = program.clone();
        let part = joined.remove(number);
        if let Some(next) = joined.get_mut(number) {
            next.steps.splice(0..0, part.steps);
            all.push(joined);
        }
        let with = |change: &dyn Fn(&mut Part)| {
            let mut changed = program.clone();
            change(&mut changed[number]);
            changed
        };
        let length = program[number].steps.len();
        if length > 3 {
            all.push(with(&|part| drop(part.steps.drain(..length / 2))));
            all.push(with(&|part| part.steps.truncate(length / 2)));
        }
        for step in (0..length).rev() {
            let without = |part: &mut Part| {
                part.steps.remove(step);
            };
            all.push(with(&without));
        }
        all.push(with(&|part| part.kind.scheduler = Scheduler::CurrentThread));
        all.push(with(&|part| part.kind.as_task = false));
        all.push(with(&|part| part.kind.has_ring = false));
        all.push(with(&|part| part.kind.in_place = false));
        all.push(with(&|part| part.kind.threads = 1));
        all.push(with(&|part| part.end = End::Drop));
        for step in 0..length {
            all.push(with(&|part| simplify(&mut part.steps[step])));
        }
    }
    all.retain(|candidate| candidate != program);
    all
}

fn simplify(step: &mut Step) {
    match step {
        Step::On(_, Op::Lock(_), _) => {}
        Step::On(_, _, polls) | Step::Clone(_, _, polls) | Step::Replace(_, polls) => {
            *polls = match *polls {
                Some(count) if count > 1 => Some(1),
                _ => None,
            };
        }
        _ => {}
    }
}
