// What the tour and the examples talk about; the server knows better (GET /sandbox/tour).
import { api } from "./api.js";

/** Used until, or unless, the server names its own. */
const DEFAULTS = {
  sold_out_sku: "MUG-BLUE", low_sku: "TEA-GREEN", low_minus: 6, customer_id: null, staff: null, channel: null,
};

export const plan = { ...DEFAULTS };

/** Ask the server anew: which product is sold out may have changed. */
export async function loadPlan() {
  let steps = {};
  try {
    ({ steps } = await api.tour());
  } catch {
    // A sandbox without a shop behind it has no plan (404): the defaults stand.
  }
  Object.assign(plan, DEFAULTS, steps);
}
