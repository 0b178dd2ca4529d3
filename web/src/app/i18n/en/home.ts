/** Texts for Home. */
export const home = {
  title: "Home",
  lead: "Status of the loop: responses of today become training data of tomorrow",
  loop: "The loop",
  live: "live",
  running: (n: string) => `${n} running`,
  stage: {
    data: {
      metric: (rows: string) => `${rows} rows`,
      note: (n: string) => (n === "1" ? "in 1 dataset" : `in ${n} datasets`),
      none: "No data yet",
    },
    training: {
      metric: (n: string) => `${n} ${n === "1" ? "run" : "runs"}`,
      note: (loss: string) => `best eval loss ${loss}`,
      none: "No training runs yet",
    },
    evals: {
      metric: (n: string) => `${n} ${n === "1" ? "eval" : "evals"}`,
      note: (name: string, score: string) => `${name} ${score}`,
      none: "No evaluations yet",
    },
    registry: {
      metric: (n: string) => `${n} ${n === "1" ? "model" : "models"}`,
      note: (ref: string) => `prod ${ref}`,
      none: "No models yet",
      noProd: "none in production",
    },
    serving: {
      metric: (ready: string, all: string) => `${ready} of ${all}`,
      note: "deployments ready",
      none: "No deployments yet",
    },
    gateway: {
      metric: (n: string) => `${n} requests`,
      note: (latency: string, errors: string) => `p50 ${latency}, ${errors} errors`,
      none: "No requests in 24 hours",
      quiet: (n: string) => (n === "1" ? "1 route" : `${n} routes`),
    },
    traces: { metric: (n: string) => `${n} spans`, note: "in the last 24 hours", none: "No spans in 24 hours" },
    feedback: {
      metric: (n: string) => `${n} scores`,
      note: (n: string) => (n === "1" ? "1 correction to harvest" : `${n} corrections to harvest`),
      none: "No scores in 7 days",
      harvested: "all corrections harvested",
    },
  },
  status: {
    run: "Loop run in progress",
    canary: (n: string) => `Canary running: ${n} scores so far`,
    promoted: "Last canary: promoted",
    rolled_back: "Last canary: rolled back",
    stopped: "Last canary: undecided",
    none: "No canary runs yet",
    knowledge: (documents: string, bases: string) =>
      `Knowledge: ${documents === "1" ? "1 document" : `${documents} documents`} in ${bases === "1" ? "1 knowledge base" : `${bases} knowledge bases`}`,
  },
  next: {
    title: "Next step",
    cli: "Command line",
    actions: {
      import_data: {
        title: "Import data",
        reason: "The loop starts from examples: questions with the desired answers.",
        button: "Import data",
      },
      train: {
        title: "Train a model",
        reason: "A dataset is available, and no model is trained on it yet.",
        button: "Start training",
      },
      evaluate: {
        title: "Evaluate the model",
        reason: "A trained model has no evaluation yet. An evaluation shows if it is better.",
        button: "Start evaluation",
      },
      deploy: {
        title: "Deploy the model",
        reason: "The model is trained and evaluated, but not deployed.",
        button: "Deploy model",
      },
      route: {
        title: "Create a route",
        reason: "Each deployment has its own name. A route gives applications a stable name.",
        button: "Create route",
      },
      send_traffic: {
        title: "Send the first request",
        reason: "A route exists without traffic. Point an OpenAI client at it.",
        button: "Create key",
      },
      give_feedback: {
        title: "Score responses",
        reason: "Responses are recorded, but none of them has a score yet.",
        button: "View responses",
      },
      harvest: {
        title: "Harvest corrections",
        reason: "New corrections arrived since the last harvest. Harvested as rows, they train the next model.",
        button: "Harvest corrections",
      },
      start_canary: {
        title: "Start a canary",
        reason: "A newer model than the one in production is available. A canary decides by live scores.",
        button: "Choose route",
      },
      decide_canary: {
        title: "Monitor the canary",
        reason: "The canary decides when the evidence is sufficient. An earlier manual decision is possible.",
        button: "View evidence",
      },
      none: {
        title: "No open tasks",
        reason: "The loop is complete. New requests keep adding traces and feedback.",
        button: "View traces",
      },
    },
  },
  gettingStarted: {
    title: "Getting started",
    client: "Connect an OpenAI client",
    clientText:
      "Each request through Vong leaves a trace that can become training data. Create a key and change two lines.",
    key: "Create key",
    data: "Import existing data",
    dataText: "JSON Lines, CSV or Parquet with chats, question-answer pairs or preferences. The format is detected.",
    import: "Import data",
    sample: "Run the loop on sample data",
    runSample: "Run sample loop",
    sampleText:
      "One command imports 700 tickets, trains the bundled small model, shows that it is better and puts it live.",
  },
  recent: {
    title: "Recent activity",
    empty: "No activity yet",
    dataset: "Dataset version created",
    training_run: "Training run ended",
    model: "Model registered",
    alias: "Alias moved",
    canary: "Canary decided",
    loop_run: "Loop run",
    status: { running: "Running", promoted: "Promoted", rolled_back: "Rolled back" },
  },
  jobs: { title: "Running jobs", empty: "No running jobs" },
};
