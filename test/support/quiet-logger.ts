import { Logger } from '@nestjs/common';

// A test that fails on purpose must not fill the output; what is logged is asserted by spies.
Logger.overrideLogger(false);
