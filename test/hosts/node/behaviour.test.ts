import { behaviourSuite } from "../behaviour.ts";

behaviourSuite("node", "nodeStdio");
