import { app } from "./app";
import { batches } from "./batches";
import { data } from "./data";
import { evals } from "./evals";
import { feedback } from "./feedback";
import { gateway } from "./gateway";
import { guards } from "./guards";
import { home } from "./home";
import { knowledge } from "./knowledge";
import { loop } from "./loop";
import { playground } from "./playground";
import { prices } from "./prices";
import { registry } from "./registry";
import { scopes } from "./scopes";
import { serving } from "./serving";
import { settings } from "./settings";
import { standing } from "./standing";
import { traces } from "./traces";
import { training } from "./training";

/** Every text in English. Its type is what every other catalogue must have. */
export const en = {
  app,
  home,
  data,
  training,
  evals,
  registry,
  serving,
  gateway,
  batches,
  scopes,
  standing,
  prices,
  guards,
  knowledge,
  playground,
  traces,
  feedback,
  loop,
  settings,
};

export type Messages = typeof en;
