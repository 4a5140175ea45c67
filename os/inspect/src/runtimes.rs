//! The runtimes that an inspector shows.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use selkie::runtime::Handle;

/// Runtimes at most: a program that builds one after the other shows the last ones.
const MOST_RUNTIMES: usize = 64;

/// A runtime that is shown.
#[derive(Debug, Clone)]
pub(crate) struct InspectedRuntime {
    pub(crate) handle: Handle,
    /// Since when it is shown.
    pub(crate) since: Instant,
    /// Its name, if no other has the same, else its number.
    pub(crate) label: String,
}

/// All of them, in the order in which they were attached.
#[derive(Debug, Default)]
pub(crate) struct Runtimes {
    attached: Mutex<Vec<(Handle, Instant)>>,
}

impl Runtimes {
    fn attached(&self) -> MutexGuard<'_, Vec<(Handle, Instant)>> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows `handle`'s runtime, too, and forgets those that have ended, unless none is left: a handle keeps descriptors. Of more than [`MOST_RUNTIMES`] the second one is forgotten: the first is the program's
    /// own as a rule, and was there before.
    pub(crate) fn attach(&self, handle: &Handle) {
        let mut attached = self.attached();
        if attached.iter().any(|(other, _)| other.id() == handle.id()) {
            return;
        }
        forget_ended(&mut attached);
        if attached.len() == MOST_RUNTIMES {
            attached.remove(1);
        }
        attached.push((handle.clone(), Instant::now()));
        forget_ended(&mut attached);
    }

    /// Each runtime.
    pub(crate) fn all(&self) -> Vec<InspectedRuntime> {
        let attached = {
            let mut attached = self.attached();
            forget_ended(&mut attached);
            attached.clone()
        };
        let mut times: HashMap<String, usize> = HashMap::new();
        for (handle, _) in &attached {
            *times.entry(own_label(handle)).or_default() += 1;
        }
        let mut taken = HashSet::new();
        let labelled = attached.into_iter().map(|(handle, since)| {
            let mut label = own_label(&handle);
            if times[&label] > 1 {
                label = format!("{label}-{}", handle.id());
            }
            // Another may be called so by its builder.
            while !taken.insert(label.clone()) {
                label = format!("{label}-{}", handle.id());
            }
            InspectedRuntime {
                handle,
                since,
                label,
            }
        });
        labelled.collect()
    }

    /// The runtime of that label or number, or without one the first.
    ///
    /// # Errors
    /// That there is none, and which there are.
    pub(crate) fn find(&self, wanted: Option<&str>) -> Result<InspectedRuntime, String> {
        let all = self.all();
        let is_it = |runtime: &&InspectedRuntime| {
            wanted
                .is_none_or(|name| runtime.label == name || runtime.handle.id().to_string() == name)
        };
        if let Some(found) = all.iter().find(is_it) {
            return Ok(found.clone());
        }
        let labels: Vec<&str> = all.iter().map(|runtime| &*runtime.label).collect();
        Err(match wanted {
            Some(wanted) => format!("no runtime {wanted:?}; there are: {}", labels.join(", ")),
            None => "no runtime has been attached yet".to_owned(),
        })
    }
}

/// Without the runtimes that have ended, if there is one that has not.
fn forget_ended(attached: &mut Vec<(Handle, Instant)>) {
    if attached.iter().any(|(handle, _)| !handle.is_shut_down()) {
        attached.retain(|(handle, _)| !handle.is_shut_down());
    }
}

/// The runtime's name, or its number.
pub(crate) fn own_label(handle: &Handle) -> String {
    match handle.name() {
        Some(name) => name.to_owned(),
        None => handle.id().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use selkie::runtime::Builder;

    use super::{MOST_RUNTIMES, Runtimes};

    #[test]
    fn runtimes_are_found_by_label_and_number() {
        let runtimes = Runtimes::default();
        assert!(runtimes.find(None).unwrap_err().contains("attached yet"));
        let one = Builder::new_current_thread().name("one").build().unwrap();
        let two = Builder::new_current_thread().name("two").build().unwrap();
        let twin = Builder::new_current_thread().name("two").build().unwrap();
        for runtime in [&one, &two, &twin, &one] {
            runtimes.attach(runtime.handle());
        }
        let find = |wanted: &str| runtimes.find(Some(wanted)).map(|found| found.handle.id());
        assert_eq!(runtimes.find(None).unwrap().handle.id(), one.handle().id());
        assert_eq!(find("one"), Ok(one.handle().id()));
        let id = twin.handle().id();
        assert_eq!(find(&format!("two-{id}")), Ok(id));
        assert_eq!(find(&id.to_string()), Ok(id));
        let error = find("three").unwrap_err();
        assert!(
            error.starts_with("no runtime \"three\"; there are: one, two-"),
            "{error}"
        );
    }

    #[test]
    fn labels_differ_whatever_runtimes_are_called() {
        let runtimes = Runtimes::default();
        let twins = [(); 2].map(|()| Builder::new_current_thread().name("a").build().unwrap());
        let name = format!("a-{}", twins[0].handle().id());
        let third = Builder::new_current_thread().name(name).build().unwrap();
        for runtime in twins.iter().chain([&third]) {
            runtimes.attach(runtime.handle());
        }
        let labels: std::collections::HashSet<_> =
            runtimes.all().into_iter().map(|one| one.label).collect();
        assert_eq!(labels.len(), 3, "{labels:?}");
    }

    #[test]
    fn ended_runtimes_make_room_for_living_ones() {
        let runtimes = Runtimes::default();
        let first = Builder::new_multi_thread().name("first").build().unwrap();
        runtimes.attach(first.handle());
        drop(first);
        assert_eq!(runtimes.find(None).unwrap().label, "first");
        let second = Builder::new_multi_thread().name("second").build().unwrap();
        runtimes.attach(second.handle());
        let third = Builder::new_multi_thread().name("third").build().unwrap();
        runtimes.attach(third.handle());
        let labels = || {
            let all = runtimes.all().into_iter().map(|one| one.label);
            all.collect::<Vec<_>>()
        };
        assert_eq!(labels(), ["second", "third"]);
        second.shutdown_background();
        assert_eq!(labels(), ["third"]);
    }

    #[test]
    fn the_second_one_makes_room_for_one_too_many() {
        let runtimes = Runtimes::default();
        let all: Vec<_> = (0..=MOST_RUNTIMES)
            .map(|_| Builder::new_current_thread().build().unwrap())
            .collect();
        for runtime in &all {
            runtimes.attach(runtime.handle());
        }
        let shown = runtimes.all();
        assert_eq!(shown.len(), MOST_RUNTIMES);
        assert_eq!(shown[0].handle.id(), all[0].handle().id());
        assert_eq!(shown[1].handle.id(), all[2].handle().id());
    }
}
