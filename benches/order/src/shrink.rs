//! Makes a program smaller while it still fails.

use crate::program::{Flavor, Op, Program};

/// The smallest program found for which `fails` holds.
pub(crate) fn shrink(mut program: Program, fails: impl Fn(&Program) -> bool) -> Program {
    loop {
        let smaller = candidates(&program)
            .into_iter()
            .find(|smaller| fails(smaller));
        match smaller {
            Some(smaller) => program = smaller,
            None => return program,
        }
    }
}

fn candidates(program: &Program) -> Vec<Program> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut smaller = program.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for (script, ops) in program.scripts.iter().enumerate() {
        if ops.len() > 1 {
            with(&|smaller| smaller.scripts[script].clear());
        }
        for (at, op) in ops.iter().enumerate() {
            with(&|smaller| drop(smaller.scripts[script].remove(at)));
            for inner in simpler(op) {
                with(&|smaller| smaller.scripts[script][at] = inner.clone());
            }
        }
    }
    for at in 0..program.before.len() {
        with(&|smaller| {
            smaller.before.remove(at);
        });
    }
    for at in 0..program.roots.len() {
        with(&|smaller| {
            smaller.roots.remove(at);
        });
    }
    if program.flavor != Flavor::CurrentThread {
        with(&|smaller| smaller.flavor = Flavor::CurrentThread);
    }
    if program.event_interval.is_some() {
        with(&|smaller| smaller.event_interval = None);
    }
    if program.global_queue_interval.is_some() {
        with(&|smaller| smaller.global_queue_interval = None);
    }
    all
}

/// Simpler steps than `op`.
fn simpler(op: &Op) -> Vec<Op> {
    match op {
        Op::Lock(_, inner)
        | Op::ReadLock(inner)
        | Op::WriteLock(inner)
        | Op::Acquire(_, inner)
        | Op::Timeout(_, inner)
        | Op::Unconstrained(inner) => vec![(**inner).clone()],
        Op::Select(first, second) | Op::Both(first, second) => {
            vec![(**first).clone(), (**second).clone()]
        }
        Op::Set(scripts, end) if scripts.len() > 1 => (0..scripts.len())
            .map(|at| {
                let mut fewer = scripts.clone();
                fewer.remove(at);
                Op::Set(fewer, *end)
            })
            .collect(),
        Op::Burst(tasks) if *tasks > 1 => vec![Op::Burst(tasks / 2), Op::Burst(tasks - 1)],
        _ => Vec::new(),
    }
}
