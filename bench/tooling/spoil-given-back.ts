// Before each file of unit tests: memory that is given back is overwritten, so that whoever still reads it is found.
import { spoilGivenBack } from "../../proto/batch/given-back.ts";

spoilGivenBack(true);
