/** The texts of Home. */
export const home = {
  title: "Home",
  lead: "One record travels round the loop: what is answered today is taught tomorrow.",
  loop: "The loop",
  live: "live now",
  running: (n: string) => `${n} running`,
  stage: {
    data: {
      figure: (rows: string) => `${rows} rows`,
      note: (n: string) => (n === "1" ? "in one dataset" : `in ${n} datasets`),
      none: "No data yet",
    },
    training: {
      figure: (n: string) => `${n} ${n === "1" ? "run" : "runs"}`,
      note: (loss: string) => `best eval loss ${loss}`,
      none: "Nothing trained yet",
    },
    evals: {
      figure: (n: string) => `${n} ${n === "1" ? "eval" : "evals"}`,
      note: (name: string, score: string) => `${name} ${score}`,
      none: "Nothing measured yet",
    },
    registry: {
      figure: (n: string) => `${n} ${n === "1" ? "model" : "models"}`,
      note: (ref: string) => `prod ${ref}`,
      none: "No model yet",
      noProd: "none in production",
    },
    serving: {
      figure: (ready: string, all: string) => `${ready} of ${all}`,
      note: "deployments answer",
      none: "Nothing deployed",
    },
    gateway: {
      figure: (n: string) => `${n} calls`,
      note: (latency: string, errors: string) => `p50 ${latency}, ${errors} errors`,
      none: "No calls in 24 hours",
      quiet: (n: string) => (n === "1" ? "one route" : `${n} routes`),
    },
    traces: { figure: (n: string) => `${n} spans`, note: "in the last 24 hours", none: "No spans in 24 hours" },
    feedback: {
      figure: (n: string) => `${n} scores`,
      note: (n: string) => (n === "1" ? "one correction to harvest" : `${n} corrections to harvest`),
      none: "No scores in 7 days",
      harvested: "all corrections harvested",
    },
  },
  middle: {
    turn: "A turn is running",
    canary: (n: string) => `A canary is running: ${n} scores so far`,
    promoted: "The last canary was promoted",
    rolled_back: "The last canary was rolled back",
    stopped: "The last canary ended undecided",
    none: "No canary has run yet",
    knowledge: (documents: string, bases: string) =>
      `Knowledge: ${documents === "1" ? "one document" : `${documents} documents`} in ${bases === "1" ? "one base" : `${bases} bases`}`,
  },
  next: {
    title: "Next",
    cli: "From the command line",
    actions: {
      import_data: {
        title: "Import your first data",
        why: "The loop begins with examples: questions with the answers you want.",
        button: "Import data",
      },
      train: {
        title: "Teach a model",
        why: "There is data, and no model has learnt from it yet.",
        button: "Start a run",
      },
      evaluate: {
        title: "Measure the model",
        why: "A model was taught, and nobody knows yet whether it is better.",
        button: "Evaluate",
      },
      deploy: { title: "Serve the model", why: "It was taught and measured, but it answers nobody.", button: "Deploy" },
      route: {
        title: "Make a route",
        why: "Deployments answer under their own names. A route gives applications one that stays.",
        button: "Make a route",
      },
      send_traffic: {
        title: "Send the first call",
        why: "A route is there, and nobody has called it. Point your OpenAI client at it.",
        button: "Make a key",
      },
      give_feedback: {
        title: "Judge some answers",
        why: "There are answers, and no score says which of them are good.",
        button: "Look at answers",
      },
      harvest: {
        title: "Harvest the corrections",
        why: "People corrected answers since the last harvest. As rows they teach the next model.",
        button: "Harvest",
      },
      start_canary: {
        title: "Start a canary",
        why: "A newer model is there than the one in production. Let live scores decide.",
        button: "Choose a route",
      },
      decide_canary: {
        title: "Watch the canary",
        why: "It decides by itself when the scores prove enough; you may decide before.",
        button: "See its evidence",
      },
      none: {
        title: "All is well",
        why: "Nothing waits for you. The loop goes on with every call.",
        button: "See the traces",
      },
    },
  },
  first: {
    title: "The first minute",
    client: "Point your OpenAI client here",
    clientText:
      "Every call through Vong leaves a trace that can become training data. Make a key and change two lines.",
    key: "Make a key",
    data: "Or bring the data you have",
    dataText: "JSON Lines, CSV or Parquet; chats, question and answer, preferences. Vong finds out which.",
    import: "Import data",
    sample: "Or see the whole loop on samples first",
    turn: "Run the sample turn",
    sampleText:
      "One command imports 700 tickets, teaches the small model that ships, proves it better and puts it live.",
  },
  recent: {
    title: "What changed",
    empty: "Nothing happened here yet",
    dataset: "Dataset version made",
    run: "Training run ended",
    model: "Model registered",
    alias: "Alias moved",
    canary: "Canary decided",
    turn: "Turn of the loop",
    status: { running: "Running", promoted: "Promoted", rolled_back: "Rolled back" },
  },
  jobs: { title: "At work", empty: "No job is running" },
};
