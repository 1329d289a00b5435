<?php
/**
 * The words for where a refund is.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * The service's states, as the owner reads them. Changes none of them.
 */
final class States {

	// Someone has to do something.
	const ATTENTION = array( 'held', 'awaiting_beneficiary', 'payout_due', 'failed', 'returned' );
	// The money has left, or may have.
	const MONEY_MAY_BE_GONE = array( 'sending', 'unknown', 'pending', 'refunded', 'returned' );
	// It ended, and nothing was paid.
	const ENDED_UNPAID = array( 'rejected', 'failed', 'reversed' );
	// Nothing more happens by itself.
	const QUIET = array( 'rejected', 'refunded', 'failed', 'cancelled', 'reversed' );

	const PATIENCE_WITH_UNKNOWN = 3600;

	/**
	 * Every state with its label, in the order of a refund's way.
	 *
	 * @return array<string, string>
	 */
	public static function labels(): array {
		return array(
			'waiting'              => __( 'Not delivered yet', 'pef-refunds' ),
			'told'                 => __( 'Being decided', 'pef-refunds' ),
			'received'             => __( 'Being decided', 'pef-refunds' ),
			'held'                 => __( 'Held', 'pef-refunds' ),
			'rejected'             => __( 'Rejected', 'pef-refunds' ),
			'awaiting_beneficiary' => __( 'Bank details missing', 'pef-refunds' ),
			'payout_due'           => __( 'Payout due', 'pef-refunds' ),
			'ready'                => __( 'About to be sent', 'pef-refunds' ),
			'sending'              => __( 'Being sent', 'pef-refunds' ),
			'unknown'              => __( 'Unknown, being asked', 'pef-refunds' ),
			'pending'              => __( 'On its way', 'pef-refunds' ),
			'refunded'             => __( 'Refunded', 'pef-refunds' ),
			'failed'               => __( 'Failed', 'pef-refunds' ),
			'returned'             => __( 'Returned by the bank', 'pef-refunds' ),
			'cancelled'            => __( 'Withdrawn', 'pef-refunds' ),
			'reversed'             => __( 'Payment reversed', 'pef-refunds' ),
		);
	}

	/**
	 * One state's label; a state that this version does not know is shown as it is.
	 *
	 * @param string $state A state.
	 */
	public static function label( string $state ): string {
		$labels = self::labels();
		return isset( $labels[ $state ] ) ? $labels[ $state ] : $state;
	}

	/**
	 * One sentence about what the state means for the owner.
	 *
	 * @param string $state A state.
	 */
	public static function meaning( string $state ): string {
		$meanings = array(
			'waiting'              => __( 'The refund service has not been reached yet; it is tried again by itself.', 'pef-refunds' ),
			'told'                 => __( 'The refund service has it; the decision comes by itself.', 'pef-refunds' ),
			'held'                 => __( 'Nothing is paid until a person has decided.', 'pef-refunds' ),
			'rejected'             => __( 'Nothing was paid. Read the notes; delete the refund if the rejection is right.', 'pef-refunds' ),
			'awaiting_beneficiary' => __( 'The buyer has to say to which account the money goes.', 'pef-refunds' ),
			'payout_due'           => __( 'It waits for the next bank file.', 'pef-refunds' ),
			'unknown'              => __( 'It was sent and the answer was lost. Do not pay by other means.', 'pef-refunds' ),
			'pending'              => __( 'It was accepted; the buyer does not have it yet.', 'pef-refunds' ),
			'refunded'             => __( 'The buyer has the money.', 'pef-refunds' ),
			'failed'               => __( 'Nothing was paid. Read the notes and try again, or delete the refund.', 'pef-refunds' ),
			'returned'             => __( 'The money came back from the bank. Ask the buyer for the right account.', 'pef-refunds' ),
			'reversed'             => __( 'The payment itself was reversed; there is nothing to pay back.', 'pef-refunds' ),
		);
		return isset( $meanings[ $state ] ) ? $meanings[ $state ] : '';
	}

	/**
	 * How the state is coloured: good, bad, attention or busy.
	 *
	 * @param string $state A state.
	 */
	public static function tone( string $state ): string {
		if ( 'refunded' === $state ) {
			return 'good';
		}
		if ( in_array( $state, array( 'rejected', 'failed', 'returned', 'reversed' ), true ) ) {
			return 'bad';
		}
		return in_array( $state, array( 'held', 'awaiting_beneficiary', 'payout_due', 'unknown', 'waiting' ), true ) ? 'attention' : 'busy';
	}

	/**
	 * The label in its colour, as safe HTML.
	 *
	 * @param string $state A state.
	 */
	public static function badge( string $state ): string {
		return '<span class="pef-badge pef-' . esc_attr( self::tone( $state ) ) . '" title="' . esc_attr( self::meaning( $state ) ) . '">'
			. esc_html( self::label( $state ) ) . '</span>';
	}

	/**
	 * Whether someone has to look at it now.
	 *
	 * @param array $entry One refund's entry in the record.
	 * @param int   $now   Seconds since 1970.
	 */
	public static function needs_owner( array $entry, int $now ): bool {
		$state = isset( $entry['state'] ) ? (string) $entry['state'] : '';
		if ( in_array( $state, self::ATTENTION, true ) ) {
			return true;
		}
		$since = isset( $entry['updated_at'] ) ? strtotime( (string) $entry['updated_at'] ) : false;
		return 'unknown' === $state && false !== $since && $now - $since > self::PATIENCE_WITH_UNKNOWN;
	}
}
