import { Logger, Module } from '@nestjs/common';
import { ConfigurationError, PARTNERS_CONFIG, type PartnersConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { ProcessModule } from '../../process/index.js';
import { PartnerSimulator } from './partner-simulator.js';
import { PartnersClient } from './partners.client.js';
import { type Partners, PARTNERS } from './partners.js';
import { CallOnboardingApiTopic } from './topics/call-onboarding-api.topic.js';
import { HandleErrorTopic } from './topics/handle-error.topic.js';
import { PrepareResponseTopic } from './topics/prepare-response.topic.js';
import { RunBackgroundCheckTopic } from './topics/run-background-check.topic.js';
import { ValidateUserInformationTopic } from './topics/validate-user-information.topic.js';

/**
 * The configured partners; the simulator replaces those that are not configured.
 *
 * @throws ConfigurationError if a partner is not configured and the simulator is off
 */
async function createPartners(config: PartnersConfig, shutdown: ShutdownService): Promise<Partners> {
  const { backgroundCheckUrl, onboardingApiUrl } = config;
  if (backgroundCheckUrl !== null && onboardingApiUrl !== null)
    return { backgroundCheckUrl, onboardingApiUrl };
  const missing = [
    ...(backgroundCheckUrl === null ? ['BACKGROUND_CHECK_URL'] : []),
    ...(onboardingApiUrl === null ? ['ONBOARDING_API_URL'] : []),
  ];
  if (!config.simulator) {
    throw new ConfigurationError(
      missing.map(
        (name) =>
          `${name} must be set, because SIMULATOR is off, as it is by default in production. With SIMULATOR=on a simulator answers for this partner, and nothing real is checked.`,
      ),
    );
  }
  const logger = new Logger('PartnerSimulator');
  const simulator = await PartnerSimulator.start(config.simulatorSlowMs, (err) => {
    logger.error({
      msg: 'The partner simulator has crashed: steps that call it fail until the service is restarted.',
      err,
    });
  });
  shutdown.register('release', 'partner simulator', () => simulator.close());
  logger.warn(
    `${missing.join(' and ')} not set: a simulator on ${simulator.baseUrl} answers instead. Nothing real is checked.`,
  );
  return {
    backgroundCheckUrl: backgroundCheckUrl ?? simulator.baseUrl,
    onboardingApiUrl: onboardingApiUrl ?? simulator.baseUrl,
  };
}

/** The handlers of onboard-user, one per topic of its `.bpmn`. */
@Module({
  imports: [ProcessModule],
  providers: [
    { provide: PARTNERS, inject: [PARTNERS_CONFIG, ShutdownService], useFactory: createPartners },
    PartnersClient,
    ValidateUserInformationTopic,
    RunBackgroundCheckTopic,
    CallOnboardingApiTopic,
    PrepareResponseTopic,
    HandleErrorTopic,
  ],
})
export class OnboardUserModule {}
