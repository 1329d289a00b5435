<?php
/**
 * HTTP to the service.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Calls the service, and never makes one request of the store wait longer than
 * PATIENCE seconds for refunds. Raises nothing: an Answer says what came of it.
 */
final class Service {

	const PATIENCE          = 2.0;
	const LONG_PATIENCE     = 15.0;
	const LEAST_WORTH_WHILE = 0.2;

	/**
	 * Seconds that refunds have already waited in this request.
	 *
	 * @var float
	 */
	private static $waited = 0.0;

	/**
	 * A signed call about refunds, within what is left of this request's patience.
	 *
	 * @param string $what refunds or deletions.
	 * @param array  $said What to say.
	 */
	public static function tell( string $what, array $said ): Answer {
		$left = self::PATIENCE - self::$waited;
		if ( $left < self::LEAST_WORTH_WHILE ) {
			return Answer::not_there( 'this request has waited long enough' );
		}
		$began         = microtime( true );
		$answer        = self::signed( $what, $said, $left );
		self::$waited += microtime( true ) - $began;
		return $answer;
	}

	/**
	 * A signed call of the settings page, which may take longer.
	 *
	 * @param string $what checks, settings or disconnect.
	 * @param array  $said What to say.
	 */
	public static function ask( string $what, array $said = array() ): Answer {
		return self::signed( $what, $said, self::LONG_PATIENCE );
	}

	/**
	 * The first call: nothing is shared yet but the one-time code inside.
	 *
	 * @param array $said What to say.
	 */
	public static function connect( array $said ): Answer {
		return self::post( '/plugin/woocommerce/connect', wp_json_encode( $said ), array(), self::LONG_PATIENCE );
	}

	/**
	 * Signs as WooCommerce signs its webhooks.
	 *
	 * @param string $what    The last part of the path.
	 * @param array  $said    What to say.
	 * @param float  $seconds How long to wait.
	 */
	private static function signed( string $what, array $said, float $seconds ): Answer {
		$signer = Connection::signer();
		if ( null === $signer ) {
			return Answer::not_there( 'this store is not connected' );
		}
		// The call's own name, so that a recorded one is good for nothing else.
		$body    = wp_json_encode(
			array(
				'call' => $what,
				'at'   => time(),
			) + $said
		);
		$headers = array(
			'X-WC-Webhook-Signature' => $signer->generate_signature( $body ),
			'X-WC-Webhook-Source'    => home_url( '/' ),
		);
		$path    = '/plugin/woocommerce/' . rawurlencode( Connection::store_id() ) . '/' . $what;
		return self::post( $path, $body, $headers, $seconds );
	}

	/**
	 * One POST.
	 *
	 * @param string $path    Path at the service.
	 * @param string $body    JSON.
	 * @param array  $headers More headers.
	 * @param float  $seconds How long to wait.
	 */
	private static function post( string $path, string $body, array $headers, float $seconds ): Answer {
		$response = wp_remote_post(
			Settings::address() . $path,
			array(
				'timeout'             => $seconds,
				'redirection'         => 0,
				'limit_response_size' => 200000,
				'body'                => $body,
				'headers'             => $headers + array(
					'Content-Type' => 'application/json',
					'Accept'       => 'application/json',
				),
			)
		);
		return Answer::of( $response );
	}
}
