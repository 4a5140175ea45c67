//! What a station needs of a sensor.

/// A thermometer.
pub trait Sensor {
    /// What may go wrong on the way to it.
    type Error;

    /// The temperature now, in thousandths of a degree Celsius.
    ///
    /// # Errors
    /// Those of the bus.
    #[allow(
        async_fn_in_trait,
        reason = "each task has its own sensor, and no task is moved between threads"
    )]
    async fn measure(&mut self) -> Result<i32, Self::Error>;
}
