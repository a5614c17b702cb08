//! stub
/// stub
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigErrors;
impl std::fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bad settings")
    }
}
impl std::error::Error for ConfigErrors {}
/// stub
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineSettings {
    /// s
    pub block_size: usize,
    /// s
    pub queue_depth: usize,
    /// s
    pub thread_count: usize,
    /// s
    pub single_submit: bool,
    /// s
    pub overlap_events: bool,
}
impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            block_size: 1 << 20,
            queue_depth: 8,
            thread_count: 1,
            single_submit: false,
            overlap_events: true,
        }
    }
}
impl EngineSettings {
    /// s
    pub fn check(&self) -> Result<(), ConfigErrors> {
        if self.block_size == 0 || self.queue_depth == 0 || self.thread_count == 0 {
            Err(ConfigErrors)
        } else {
            Ok(())
        }
    }
}
/// s
pub trait EngineConfig {
    /// s
    fn engine_settings(&self) -> EngineSettings;
}
impl EngineConfig for EngineSettings {
    fn engine_settings(&self) -> EngineSettings {
        *self
    }
}
