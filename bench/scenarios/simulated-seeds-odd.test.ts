// One half of the simulated seeds; the other is in a file of its own, so that both cores work.

import { testHalf } from "./testing/simulated-seeds.ts";

testHalf(1);
