//! Models in files of the format safetensors.

mod fixtures;
mod headers;
mod loading;
mod mutated;
mod saving;
mod shards;
mod tasks;
