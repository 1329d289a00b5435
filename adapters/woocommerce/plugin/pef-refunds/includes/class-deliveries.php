<?php
/**
 * Tells the service about refunds, at once, and again until it has heard.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * WooCommerce's webhooks come late and are never repeated. Here the service hears in the
 * same request; whatever it did not hear waits in the queue.
 */
final class Deliveries {

	const JOB      = 'pef_refunds_deliver';
	const GROUP    = 'pef-refunds';
	const TOLD     = '_pef_told';
	const ANSWERED = '_pef_answered';
	const SENTENCE = '_pef_sentence';

	// Seconds before each further attempt; the last one repeats, for about three days.
	const PAUSES   = array( 30, 60, 120, 300, 900, 1800, 3600 );
	const ATTEMPTS = 78;

	/**
	 * Hooks in after a refund has been recorded, whoever did it.
	 */
	public static function hook() {
		add_action( 'woocommerce_order_refunded', array( self::class, 'on_refunded' ), 20, 2 );
		add_action( self::JOB, array( self::class, 'again' ), 10, 4 );
	}

	/**
	 * A refund has been recorded.
	 *
	 * @param int $order_id  The order.
	 * @param int $refund_id The refund.
	 */
	public static function on_refunded( $order_id, $refund_id ) {
		$refund = wc_get_order( $refund_id );
		if ( Ours::refund( $refund ) && '' === (string) $refund->get_meta( self::TOLD ) ) {
			self::deliver_refund( (int) $order_id, (int) $refund_id );
		}
	}

	/**
	 * Tells of a new refund now, within the request's patience.
	 *
	 * @param int $order_id  The order.
	 * @param int $refund_id The refund.
	 */
	public static function deliver_refund( int $order_id, int $refund_id ): Answer {
		$answer = Service::tell( 'refunds', self::said( $order_id, $refund_id ) );
		self::after( 'refunds', $order_id, $refund_id, 0, $answer );
		return $answer;
	}

	/**
	 * Tells of a deletion now, within the request's patience.
	 *
	 * @param int $order_id  The order.
	 * @param int $refund_id The refund.
	 */
	public static function deliver_deletion( int $order_id, int $refund_id ) {
		$answer = Service::tell( 'deletions', self::said( $order_id, $refund_id ) );
		self::after( 'deletions', $order_id, $refund_id, 0, $answer );
	}

	/**
	 * A job of the queue: tries once more.
	 *
	 * @param string $what      refunds or deletions.
	 * @param int    $order_id  The order.
	 * @param int    $refund_id The refund.
	 * @param int    $attempt   How many have failed.
	 */
	public static function again( $what, $order_id, $refund_id, $attempt ) {
		if ( 'refunds' === $what && ! wc_get_order( $refund_id ) ) {
			return;
		}
		$answer = Service::ask( $what, self::said( (int) $order_id, (int) $refund_id ) );
		self::after( $what, (int) $order_id, (int) $refund_id, (int) $attempt, $answer );
	}

	/**
	 * Seconds until the next attempt, or null if it was the last.
	 *
	 * @param int $failed How many have failed.
	 * @return int|null
	 */
	public static function pause( int $failed ) {
		if ( $failed > self::ATTEMPTS ) {
			return null;
		}
		return self::PAUSES[ min( $failed, count( self::PAUSES ) ) - 1 ];
	}

	/**
	 * How many refunds the service has not heard of in several attempts.
	 */
	public static function stuck(): int {
		$jobs = as_get_scheduled_actions(
			array(
				'hook'     => self::JOB,
				'status'   => \ActionScheduler_Store::STATUS_PENDING,
				'per_page' => 50,
			)
		);
		return count(
			array_filter(
				$jobs,
				static function ( $job ) {
					$args = $job->get_args();
					return isset( $args[3] ) && (int) $args[3] >= 4;
				}
			)
		);
	}

	/**
	 * Notes what came of an attempt, and queues the next where one is needed.
	 *
	 * @param string $what      refunds or deletions.
	 * @param int    $order_id  The order.
	 * @param int    $refund_id The refund.
	 * @param int    $failed    How many attempts had failed before.
	 * @param Answer $answer    What came of this one.
	 */
	private static function after( string $what, int $order_id, int $refund_id, int $failed, Answer $answer ) {
		if ( 'refunds' === $what ) {
			self::mark( $refund_id, $answer );
		}
		if ( $answer->is_good() ) {
			Settling::later( $order_id );
			return;
		}
		$pause = self::pause( $failed + 1 );
		if ( null === $pause ) {
			self::give_up( $order_id, $refund_id, $answer );
			return;
		}
		as_schedule_single_action( time() + $pause, self::JOB, array( $what, $order_id, $refund_id, $failed + 1 ), self::GROUP );
	}

	/**
	 * Writes onto the refund whether the service has heard of it, and what it said.
	 *
	 * @param int    $refund_id The refund.
	 * @param Answer $answer    The answer.
	 */
	private static function mark( int $refund_id, Answer $answer ) {
		$refund = wc_get_order( $refund_id );
		if ( ! $refund instanceof \WC_Order_Refund ) {
			return;
		}
		$refund->update_meta_data( self::TOLD, $answer->is_good() ? 'told' : 'waiting' );
		$refund->update_meta_data( self::ANSWERED, $answer->is_good() ? sanitize_key( $answer->text( 'state' ) ) : '' );
		$refund->update_meta_data( self::SENTENCE, $answer->is_good() ? wp_strip_all_tags( $answer->text( 'sentence' ) ) : '' );
		$refund->save();
	}

	/**
	 * Says on the order that the service never heard.
	 *
	 * @param int    $order_id  The order.
	 * @param int    $refund_id The refund.
	 * @param Answer $answer    The last answer.
	 */
	private static function give_up( int $order_id, int $refund_id, Answer $answer ) {
		$order = wc_get_order( $order_id );
		if ( $order ) {
			/* translators: 1: refund number 2: reason */
			$text = __( 'The refund service could not be told of refund #%1$d for three days. %2$s The money was not sent by this way.', 'pef-refunds' );
			$order->add_order_note( esc_html( sprintf( $text, $refund_id, $answer->trouble() ) ) );
		}
	}

	/**
	 * The body of a call.
	 *
	 * @param int $order_id  The order.
	 * @param int $refund_id The refund.
	 */
	private static function said( int $order_id, int $refund_id ): array {
		return array(
			'order_id'  => $order_id,
			'refund_id' => $refund_id,
		);
	}
}
