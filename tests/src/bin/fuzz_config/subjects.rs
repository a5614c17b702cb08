//! The structs that are loaded: the ready-made one, and one with a field of every type.

use std::fmt::Debug;

use ds_aio::config::{AIO_ENV_TEMPLATE, AIO_FORMAT, AIO_TOML_TEMPLATE};
use ds_aio::{AioConfig, AioConfigBuilder, ConfigErrors, ConfigSchema};

#[path = "../../../expand/every_type.rs"]
mod every_type;

pub(crate) use every_type::EveryType;
use every_type::EveryTypeBuilder;

/// A struct to load mutated documents into. Its texts are documents to begin with, so that what the
/// derive learns to load it learns here as well.
pub(crate) trait Subject: ConfigSchema + Clone + Debug {
    const NAME: &'static str;
    const TOML: &'static [&'static str];
    /// Inside of an object.
    const JSON: &'static [&'static str];
    const VARIABLES: &'static [&'static str];

    /// The value by way of its builder, which checks the rules.
    fn rebuilt(self) -> Result<Self, ConfigErrors>;
}

impl Subject for AioConfig {
    const NAME: &'static str = "aio";
    const TOML: &'static [&'static str] = &[
        AIO_TOML_TEMPLATE,
        "# tuned\n[aio]\nblock_size = \"4MiB\" # half\nqueue_depth = 0x10\nthread_count = 2\n\
         single_submit = true\noverlap_events = false\nbackend = 'threads'\n\n[[other]]\n\
         x = [1, 2.5, 'é', { y = 1979-05-27T07:32:00Z }]\n\"quoted key\" = \"\"\"\nlong\n\"\"\"\n",
        "title = 'job'\naio = { block_size = 1_048_576, intra_op_parallelism = +4, direct = \
         \"never\", use_gds = false }\n[optimizer.params]\nlr = 1e-4\n",
        "aio.queue_depth = 0o20\naio.background_rate = '100MiB'\naio.queue_capacity = 16_777_216\n",
    ];
    const JSON: &'static [&'static str] = &[
        AIO_FORMAT,
        "\n  // A whole ds_config.json.\n  \"train_batch_size\": 16, \"steps_per_print\": 2e3,\n  \
         \"optimizer\": {\"type\": \"Adam\", \"params\": {\"lr\": 0.001, \"betas\": [0.8, 0.999]}},\n  \
         \"zero_optimization\": {\"stage\": 3, \"offload_param\": {\"device\": \"nvme\", \
         \"nvme_path\": \"/local_nvme\", \"pin_memory\": true, \"buffer_count\": 5}},\n  \
         \"aio\": {\n    \"block_size\": 1048576, /* one MiB */\n    \"queue_depth\": 8,\n    \
         \"intra_op_parallelism\": 1,\n    \"single_submit\": false,\n    \"overlap_events\": true,\n    \
         \"use_gds\": false,\n  },\n  \"wall_clock_breakdown\": null,\n",
        "\"aio\": {\"block_size\": \"4MiB\", \"queue_depth\": 16e0, \"thread_count\": 2.0, \
         \"backend\": \"io_\\u0075ring\", \"direct\": \"always\"}, \"x\": [1, -2.5E-3, \"\\u00e9\\n\", null, []]",
        "\"aio\": null, \"fp16\": {\"enabled\": true, \"loss_scale\": 0}",
    ];
    const VARIABLES: &'static [&'static str] = &[
        AIO_ENV_TEMPLATE,
        "DS_AIO_BLOCK_SIZE=4MiB\nDS_AIO_QUEUE_DEPTH=1_6\nDS_AIO_THREAD_COUNT= 2 \n\
         DS_AIO_SINGLE_SUBMIT=yes\nDS_AIO_OVERLAP_EVENTS=Off\nHOME=/root\nDS_AIO_JOB=é",
        "DS_AIO_BACKEND=Threads\nDS_AIO_DIRECT=auto\nDS_AIO_QUEUE_CAPACITY=1024\n\
         DS_AIO_BACKGROUND_RATE=0.5GiB\nPATH=/bin:/usr/bin\nDS_AIO_THREAD_COUNT=",
    ];

    fn rebuilt(self) -> Result<Self, ConfigErrors> {
        AioConfigBuilder::from(self).build()
    }
}

impl Subject for EveryType {
    const NAME: &'static str = "types";
    const TOML: &'static [&'static str] = &[
        Self::TOML_TEMPLATE,
        "[types]\nbyte = 9\nport = 0xffff\nlanes = 0b100\nkeep = \"1.5 MiB\"\nwide = 8\nnumber = 12\n\
         nice = -128\noffset = 99\nshift = -2147483648\ndelta = \"4k\"\nhuge = 0\n\"step-by\" = -3\n\
         share = 1\nmomentum = 1e-9\nenabled = false\nmark = \"\\u00e9\"\nlegacy = false\n",
        "[types]\noptimizer = 'lion'\ndirectory = '''/mnt/a b'''\nwait = \"1.5s\"\ncodec = 'LZ4'\n\
         level = 99\nratio = inf\nverbose = true\ntitle = \"a \\\"title\\\"\"\nlog = '/var/log'\n\
         timeout = '1h'\nletter = 'q'\nfallback = 'lz4-fast'\nversion = 2\ndialect = 'plain'\n",
        "types.few = [\n  3, # odd\n  4,\n]\ntypes.sizes = ['4K', 1]\ntypes.shares = [1, 2.5, nan]\n\
         types.flags = []\ntypes.texts = ['p;q', \"\"]\ntypes.paths = ['/x']\n\
         types.codecs = ['zst', 'plain']\ntypes.letters = ['y']\ntypes.waits = ['250us', '2min']\n\
         [types.spare]\nsize = '4K'\n",
        "[types]\nlimits = { bytes = 512, names = [] }\n[types.spare]\nfiles = 3 # of them\n\
         names = [\"a\", 'b']\n[limits]\nbytes = -1\n",
    ];
    const JSON: &'static [&'static str] = &[
        Self::FORMAT,
        "\"types\": {\"byte\": 9, \"port\": 65535, \"lanes\": 1, \"keep\": \"4KiB\", \"wide\": 2, \
         \"num\": 0, \"nice\": 127, \"offset\": -1e2, \"shift\": 7, \"delta\": -5, \"huge\": \
         -170141183460469231731687303715884105728, \"step-by\": 1e3, \"share\": 0.25, \
         \"momentum\": 0, \"enabled\": true, \"mark\": \"\\\"\", \"version\": 2}",
        "/* all of it null */ \"types\": {\"level\": null, \"ratio\": \"-inf\", \"verbose\": null, \
         \"title\": null, \"log\": \"C:\\\\log\", \"timeout\": \"0ms\", \"letter\": \"\\ud83d\\ude00\", \
         \"fallback\": null, \"optimizer\": \"adam\", \"wait\": \"60 s\", \"codec\": \"plain\",}",
        "\"types\": {\"few\": [1, 2, 3,], \"sizes\": [\"1KiB\", 7], \"shares\": [], \"flags\": \
         [true], \"texts\": [\"\\n\", \"é\"], \"paths\": [\"/\"], \"codecs\": [\"LZ4\"], \
         \"letters\": [], \"waits\": [\"1ns\"]}, \"more\": {\"types\": {}}",
        "\"types\": {\"limits\": {\"bytes\": \"1KiB\", \"files\": null}, \"spare\": {\"size\": 1, \
         \"names\": [\"a\", \"b\"]}}, \"limits\": {\"bytes\": true}",
    ];
    const VARIABLES: &'static [&'static str] = &[
        Self::ENV_TEMPLATE,
        "TYPES_BYTE=1\nTYPES_PORT=+8080\nTYPES_LANES=2_048\nTYPES_KEEP=1GiB\nTYPES_WIDE=4\n\
         TYPES_COUNT=0\nTYPES_NICE=-7\nTYPES_OFFSET=-100\nTYPES_SHIFT_BY=1\nTYPES_DELTA=-512\n\
         TYPES_STEP_BY=-1\nTYPES_SHARE=.5\nTYPES_MOMENTUM=1e-3\nTYPES_ENABLED=ON\nTYPES_MARK=é",
        "TYPES_OPTIMIZER=lion\nTYPES_DIRECTORY=/mnt/a b\nTYPES_WAIT=0.25min\nTYPES_CODEC=ZST\n\
         TYPES_LEVEL=3\nTYPES_RATIO=-inf\nTYPES_VERBOSE=0\nTYPES_TITLE=x\nTYPES_LOG=./log\n\
         TYPES_TIMEOUT=12h\nTYPES_LETTER='\nTYPES_FALLBACK=lz4",
        "TYPES_FEW=1, 2,3\nTYPES_SIZES=4K,1M\nTYPES_SHARES=1,nan\nTYPES_FLAGS=no,1,ON\n\
         TYPES_TEXTS=a;b\nTYPES_PATHS=/a:/b c\nTYPES_CODECS=zstd,plain\nTYPES_LETTERS=y,x\n\
         TYPES_WAITS=1s,2ms",
        "LIMITS_BYTES=4K\nLIMITS_FILES=12\nLIMITS_NAMES=a,b\nTYPES_SPARE_BYTES=1\n\
         TYPES_SPARE_FILES=7\nTYPES_SPARE_NAMES=é",
    ];

    fn rebuilt(self) -> Result<Self, ConfigErrors> {
        EveryTypeBuilder::from(self).build()
    }
}
