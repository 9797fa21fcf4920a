export { OnboardUserModule } from './onboard-user.module.js';
export { onboardUserProcess } from './onboard-user.process.js';
