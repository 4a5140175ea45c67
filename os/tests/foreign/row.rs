//! One row: a place, what foreign code does there, on which runtime, and when.

use selkie::runtime::Builder;

use crate::act::{Act, Foreign};
use crate::stage::{Flavour, Moment, Seen, Stage, check_others};

/// A place where the runtime calls foreign code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// Who sees it if foreign code panics there.
    pub(crate) panic: Seen,
    pub(crate) flavours: &'static [Flavour],
    pub(crate) moments: &'static [Moment],
    pub(crate) acts: &'static [Act],
    pub(crate) configure: fn(&mut Builder, &Foreign),
    /// Has foreign code called there once, and says who saw its panic.
    pub(crate) play: Play,
}

/// How a place is played.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Play {
    /// On a stage with bystanders.
    On(fn(&mut Stage, &Foreign) -> Seen),
    /// A wait that is woken, see `wakers`.
    Waker(&'static crate::wakers::Wait, crate::wakers::Event),
    /// Without a runtime.
    Alone(fn(Moment, &Foreign) -> Seen),
}

/// Nothing is configured.
pub(crate) const PLAIN: fn(&mut Builder, &Foreign) = |_, _| ();

#[derive(Debug, Clone)]
pub(crate) struct Row {
    place: Place,
    act: Act,
    flavour: Flavour,
    moment: Moment,
}

/// All rows of `places`.
pub(crate) fn rows(places: impl IntoIterator<Item = Place>) -> Vec<Row> {
    let mut rows = Vec::new();
    for place in places {
        for &flavour in place.flavours {
            for &moment in place.moments {
                for &act in place.acts {
                    rows.push(Row {
                        place,
                        act,
                        flavour,
                        moment,
                    });
                }
            }
        }
    }
    rows
}

impl Row {
    /// `place/act/flavour/moment`.
    pub(crate) fn name(&self) -> String {
        let Self {
            place,
            act,
            flavour,
            moment,
        } = self;
        format!("{}/{act:?}/{flavour:?}/{moment:?}", place.name)
    }

    /// Whether the row says that the process aborts, and it did so with the message that is said.
    pub(crate) fn may_abort(&self, why: &str) -> bool {
        self.place.panic == Seen::Aborts
            && why.contains("signal: 6")
            && why.contains("panic in a destructor during cleanup")
    }

    /// Runs the row; panics if anything is not as it should be.
    pub(crate) fn run(&self) {
        let Self {
            place,
            act,
            flavour,
            moment,
        } = self;
        let foreign = Foreign::new(*act);
        let seen = match place.play {
            Play::Alone(play) => play(*moment, &foreign),
            Play::On(play) => self.on_stage(&foreign, play),
            Play::Waker(wait, event) => self.on_stage(&foreign, |stage, foreign| {
                crate::wakers::play(stage, foreign, wait, event)
            }),
        };
        assert!(foreign.was_called(), "foreign code was not called");
        foreign.check_ended();
        let expected = if foreign.panicked() {
            place.panic
        } else {
            Seen::Nobody
        };
        assert_eq!(seen, expected, "who saw it, on {flavour:?}");
        check_others();
    }

    fn on_stage(&self, foreign: &Foreign, play: impl FnOnce(&mut Stage, &Foreign) -> Seen) -> Seen {
        let configure = |builder: &mut Builder| (self.place.configure)(builder, foreign);
        let mut stage = Stage::new(self.flavour, self.moment, foreign, configure);
        let seen = play(&mut stage, foreign);
        stage.check_bystanders();
        assert_eq!(stage.end(), Seen::Nobody, "the runtime's drop panicked");
        seen
    }
}
